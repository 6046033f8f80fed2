-- The language server of leaklint, for Neovim 0.11 and newer.
--
-- Copy this file to `lsp/leaklint.lua` in your configuration (or put `editors/neovim` on the runtime path), then:
--
--   vim.lsp.enable("leaklint")
--
-- Older versions: `editors/neovim/README.md`.
return {
  cmd = function(dispatchers, config)
    -- The project's own leaklint wins over the one on the path.
    local command = "leaklint"
    if config and config.root_dir then
      local own = config.root_dir .. "/node_modules/.bin/leaklint"
      if vim.fn.executable(own) == 1 then
        command = own
      end
    end
    return vim.lsp.rpc.start({ command, "lsp" }, dispatchers, { cwd = config and config.root_dir })
  end,
  filetypes = { "javascript", "javascriptreact", "typescript", "typescriptreact" },
  root_markers = {
    { "leaklint.toml", ".leaklint.toml", "leaklint.json", "leaklint.jsonc" },
    { "package.json", ".git" },
  },
  -- What can be set is in `editors/README.md`.
  settings = { leaklint = {} },
}

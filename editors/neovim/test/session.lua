-- Opens the files named in `FILES`, tells their findings, and suppresses the first one of the first file.
-- With `ENABLE`, the way of Neovim 0.11; else that of 0.7.

local function fail(message)
  io.stderr:write(message .. "\n")
  vim.cmd("cquit 1")
end

local function wait(what, condition)
  if not vim.wait(30000, condition, 50) then
    fail("waited in vain for " .. what)
  end
end

local function run()
  local files = vim.split(vim.env.FILES, " ")
  local leaklint = vim.env.LEAKLINT
  if vim.env.ENABLE then
    vim.opt.runtimepath:prepend(vim.env.ENABLE)
    -- The program under test stands in for the one on the path.
    vim.env.PATH = vim.fn.fnamemodify(leaklint, ":h") .. ":" .. vim.env.PATH
    vim.cmd("filetype on")
    vim.lsp.enable("leaklint")
  end
  local id
  local buffers = {}
  for _, file in ipairs(files) do
    vim.cmd("edit " .. file)
    local buffer = vim.api.nvim_get_current_buf()
    table.insert(buffers, buffer)
    if not vim.env.ENABLE then
      id = id or vim.lsp.start_client({ name = "leaklint", cmd = { leaklint, "lsp", "--stdio" }, root_dir = vim.fn.getcwd() })
      vim.lsp.buf_attach_client(buffer, id)
    end
  end
  local told = {}
  for at, buffer in ipairs(buffers) do
    wait("findings in " .. files[at], function()
      return #vim.diagnostic.get(buffer) > 0
    end)
    for _, it in ipairs(vim.diagnostic.get(buffer)) do
      table.insert(told, string.format("%s:%d:%d %s", files[at], it.lnum + 1, it.col + 1, it.code))
    end
  end
  table.sort(told)
  io.stdout:write(table.concat(told, "\n") .. "\n")

  -- The first action that suppresses is taken, as a person would from the menu.
  local buffer = buffers[1]
  vim.api.nvim_set_current_buf(buffer)
  local first = vim.diagnostic.get(buffer)[1]
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  vim.ui.select = function(items, _, choose)
    for index, item in ipairs(items) do
      local action = item.action or item[2]
      if action.title:find("on this line") then
        return choose(item, index)
      end
    end
    fail("no action that suppresses")
  end
  vim.lsp.buf.code_action()
  wait("the action's edit", function()
    return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), "\n"):find("leaklint%-disable%-next%-line") ~= nil
  end)
  wait("the finding to go", function()
    return #vim.diagnostic.get(buffer) == 0
  end)
  for _, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, true)) do
    if line:find("leaklint%-disable") then
      io.stdout:write(line .. "\n")
    end
  end
  vim.cmd("qall!")
end

local ok, message = pcall(run)
if not ok then
  fail(tostring(message))
end

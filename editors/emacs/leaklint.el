;;; leaklint.el --- Memory leaks in JavaScript and TypeScript, with Eglot  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "26.1") (eglot "1.9"))
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Shows the findings of `leaklint' through Eglot.  Load this file, then `M-x leaklint-eglot' in a JavaScript or
;; TypeScript buffer:
;;
;;   (require 'leaklint)
;;
;; Eglot talks to one server per project and mode, so this takes the place of a server for types while it runs.  Who wants
;; leaklint from plain `M-x eglot' sets `leaklint-use-eglot' before loading this file.

;;; Code:

(require 'eglot)

(defgroup leaklint nil
  "Memory leaks in JavaScript and TypeScript."
  :group 'tools)

(defcustom leaklint-command "leaklint"
  "The program.  The project's own one in `node_modules' wins over a bare name."
  :type 'string)

(defcustom leaklint-use-eglot nil
  "Whether plain `eglot' starts leaklint for JavaScript and TypeScript."
  :type 'boolean)

(defconst leaklint-modes '(js-mode js-ts-mode js2-mode js-jsx-mode rjsx-mode typescript-mode typescript-ts-mode tsx-ts-mode)
  "Modes whose buffers leaklint is for.")

(defun leaklint-contact (&rest _)
  "The command that serves the current project."
  (let* ((top (locate-dominating-file default-directory "node_modules/.bin/leaklint"))
         (own (and top (expand-file-name "node_modules/.bin/leaklint" top))))
    (list (if (and own (not (file-name-absolute-p leaklint-command)) (file-executable-p own)) own leaklint-command)
          "lsp")))

;;;###autoload
(defun leaklint-eglot ()
  "Start leaklint for this project, in place of any other server."
  (interactive)
  (let ((eglot-server-programs (list (cons leaklint-modes #'leaklint-contact))))
    (call-interactively #'eglot)))

(when leaklint-use-eglot
  (add-to-list 'eglot-server-programs (cons leaklint-modes #'leaklint-contact)))

(provide 'leaklint)
;;; leaklint.el ends here

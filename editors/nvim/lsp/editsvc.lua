-- For vim.lsp.enable("editsvc"), Neovim 0.11: code actions in every buffer, from the server that :Edit uses too.
return require("editsvc.client").config()

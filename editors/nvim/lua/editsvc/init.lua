--- Edit code by instruction: options, highlights, maps. Everything works without `setup`, too.
local M = {}

---@class editsvc.Preset
---@field id string Names the code action: refactor.rewrite.editsvc.ID.
---@field title string What is shown.
---@field instruction string The instruction for the model.
---@field languages? string[] LSP language identifiers; all, if it is left out.

---@class editsvc.Options
---@field cmd string[] Starts the language server.
---@field settings table<string, any> The server's settings, those of the section "editsvc".
---@field presets editsvc.Preset[] Instructions to choose from, besides the server's own.
---@field advance boolean Whether the cursor goes to the next open hunk after a decision on one.
---@field keymaps boolean|table<string, string|false> true for the maps below, a table to change some of them.

---@type editsvc.Options
M.options = {
  cmd = { "editsvc-lsp" },
  settings = {},
  presets = {},
  advance = true,
  keymaps = false,
}

--- The <Plug> map behind each name, and the key for it when maps are wanted.
---@type table<string, { modes: string[], key: string, review?: boolean }>
M.keymaps = {
  ["edit"] = { modes = { "n", "x" }, key = "<Leader>ie" },
  ["edit-file"] = { modes = { "n" }, key = "<Leader>if" },
  ["preset"] = { modes = { "n" }, key = "<Leader>ip" },
  ["cancel"] = { modes = { "n" }, key = "<Leader>ic" },
  ["accept"] = { modes = { "n", "x" }, key = "<Leader>ia", review = true },
  ["reject"] = { modes = { "n", "x" }, key = "<Leader>ir", review = true },
  ["accept-all"] = { modes = { "n" }, key = "<Leader>iA", review = true },
  ["reject-all"] = { modes = { "n" }, key = "<Leader>iR", review = true },
  ["reject-unasked"] = { modes = { "n" }, key = "<Leader>iu", review = true },
  ["next"] = { modes = { "n" }, key = "]r", review = true },
  ["prev"] = { modes = { "n" }, key = "[r", review = true },
  ["hunk"] = { modes = { "o", "x" }, key = "ir", review = true },
}

--- The keys that are wanted, by the name of the <Plug> map; those of a review are set only where hunks are open.
---@param review boolean
---@return table<string, { modes: string[], key: string }>
function M.wanted(review)
  local chosen, found = M.options.keymaps, {}
  if not chosen then
    return found
  end
  local keys = type(chosen) == "table" and chosen or {}
  for name, default in pairs(M.keymaps) do
    local key = default.key
    if keys[name] ~= nil then
      key = keys[name]
    end
    if key and (default.review or false) == review then
      found[name] = { modes = default.modes, key = key }
    end
  end
  return found
end

local function map()
  for name, wanted in pairs(M.wanted(false)) do
    vim.keymap.set(wanted.modes, wanted.key, "<Plug>(editsvc-" .. name .. ")", { remap = true })
  end
end

--- Change the options; missing ones keep their defaults.
---@param options? table
function M.setup(options)
  options = options or {}
  vim.validate({
    cmd = { options.cmd, "table", true },
    settings = { options.settings, "table", true },
    presets = { options.presets, "table", true },
    advance = { options.advance, "boolean", true },
    keymaps = { options.keymaps, { "boolean", "table" }, true },
  })
  for name in pairs(options) do
    if M.options[name] == nil then
      error(("editsvc: there is no option %q; see :help editsvc-options"):format(name))
    end
  end
  M.options = vim.tbl_extend("force", M.options, options)
  map()
end

--- For a status line: what runs, or how many hunks are open and what the last edit took; "" before the first one.
---@return string
function M.status()
  return require("editsvc.status").text()
end

--- A number of hunks in words.
---@param count integer
---@param kind? string
---@return string
function M.hunks(count, kind)
  return ("%d %shunk%s"):format(count, kind and kind .. " " or "", count == 1 and "" or "s")
end

--- Say something to the user.
---@param message string
---@param level? integer One of vim.log.levels.
function M.notify(message, level)
  require("editsvc.messages").say(message, level)
end

--- Let the user choose, when they are not typing something else: what is asked comes late, and takes the next keys.
---@param items any[]
---@param options table As vim.ui.select takes it.
---@param on_choice fun(item: any?)
function M.choose(items, options, on_choice)
  -- Nvim waits for a key, and none was typed that it has not looked at.
  vim.api.nvim_create_autocmd("SafeState", {
    callback = function()
      if vim.api.nvim_get_mode().mode ~= "n" then
        return false
      end
      vim.schedule(function()
        vim.ui.select(items, options, on_choice)
      end)
      return true
    end,
  })
end

--- The lines of a text, without their ends.
---@param text string
---@return string[]
function M.lines(text)
  local lines = vim.split(text, "\r?\n")
  if lines[#lines] == "" then
    table.remove(lines)
  end
  return lines
end

--- What was defined here; Neovim forgets that it was a default when the background changes.
local defined = {} ---@type table<string, vim.api.keyset.get_hl_info>

---@param name string
---@return vim.api.keyset.get_hl_info
local function group(name)
  local found = vim.api.nvim_get_hl(0, { name = name })
  found.default = nil
  return found
end

--- Define a highlight group, unless a scheme or a user has.
---@param name string
---@param value vim.api.keyset.highlight
local function define(name, value)
  local found = group(name)
  if vim.tbl_isempty(found) or vim.deep_equal(found, defined[name]) then
    vim.api.nvim_set_hl(0, name, vim.tbl_extend("error", value, { default = true, force = true }))
    defined[name] = group(name)
  end
end

--- Colours that a scheme or a user has not set. They have no foreground, so that code keeps its own colours.
function M.highlight()
  local dark = vim.o.background == "dark"
  -- Neovim's own scheme has no background for what is deleted; this is the counterpart of what it has for DiffAdd.
  local deleted = dark and "NvimDarkRed" or "NvimLightRed"
  local added = dark and "NvimDarkGreen" or "NvimLightGreen"
  for name, like in pairs({ EditsvcAdded = { "DiffAdd", added, 2 }, EditsvcRemoved = { "DiffDelete", deleted, 1 } }) do
    local found = vim.api.nvim_get_hl(0, { name = like[1], link = false })
    local background = require("editsvc.colours").readable(found.bg or vim.api.nvim_get_color_by_name(like[2]))
    define(name, { bg = background, ctermbg = found.ctermbg or like[3] })
    -- A change of colour could not be read on every scheme; these two can.
    define(name .. "Word", { bold = true, underline = true })
  end
  define("EditsvcHint", { link = "Comment" })
  define("EditsvcUnasked", { link = "DiagnosticWarn" })
  define("EditsvcTitle", { link = "Title" })
end

M.highlight()
vim.api.nvim_create_autocmd("ColorScheme", {
  group = vim.api.nvim_create_augroup("editsvc.highlight", {}),
  callback = M.highlight,
})
-- Neovim's own scheme is no scheme that is loaded again with the other background.
vim.api.nvim_create_autocmd("OptionSet", {
  group = "editsvc.highlight",
  pattern = "background",
  callback = M.highlight,
})

return M

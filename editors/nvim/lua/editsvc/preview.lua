--- The floating window in which an edit can be seen while it is written. It never touches the buffer.
local editsvc = require("editsvc")

local M = {}

---@class editsvc.Preview
---@field before string[] The buffer's lines when the edit began.
---@field title string
---@field buffer integer What the float shows.
---@field beside integer The window with the code.
---@field window? integer
---@field hunks integer

local namespace = vim.api.nvim_create_namespace("editsvc.preview")
local LARGEST_WIDTH = 100

--- Put the window into the half of the code's window where the cursor is not, as high as what it shows.
---@param preview editsvc.Preview
---@param footer string
local function place(preview, footer)
  local width = vim.api.nvim_win_get_width(preview.beside)
  local height = vim.api.nvim_win_get_height(preview.beside)
  local above = vim.api.nvim_win_call(preview.beside, vim.fn.winline) > height / 2
  local inner = math.max(1, math.min(LARGEST_WIDTH, width - 4))
  local shown = vim.api.nvim_buf_line_count(preview.buffer)
  ---@type vim.api.keyset.win_config
  local config = {
    relative = "win",
    win = preview.beside,
    anchor = above and "NE" or "SE",
    row = above and 0 or height,
    col = width,
    width = inner,
    height = math.max(1, math.min(shown, math.floor(height / 2) - 3)),
    style = "minimal",
    border = "rounded",
    focusable = false,
    title = { { " " .. vim.fn.strcharpart(preview.title, 0, inner - 4) .. " ", "EditsvcTitle" } },
    footer = { { " " .. vim.fn.strcharpart(footer, 0, inner - 4) .. " ", "EditsvcHint" } },
    footer_pos = "right",
  }
  if preview.window and vim.api.nvim_win_is_valid(preview.window) then
    vim.api.nvim_win_set_config(preview.window, config)
  else
    config.noautocmd = true
    preview.window = vim.api.nvim_open_win(preview.buffer, false, config)
    vim.wo[preview.window].wrap = false
  end
  vim.api.nvim_win_set_cursor(preview.window, { shown, 0 })
end

--- Show it, unless its window has gone or no window can be opened now; the edit does not depend on it.
---@param preview editsvc.Preview
---@param footer string
local function show(preview, footer)
  if vim.api.nvim_win_is_valid(preview.beside) then
    pcall(place, preview, footer)
  end
end

---@param preview editsvc.Preview
---@param lines string[]
---@param group string
---@param sign? string Tells what the colour tells.
local function append(preview, lines, group, sign)
  local first = vim.api.nvim_buf_line_count(preview.buffer)
  if first == 1 and vim.api.nvim_buf_get_lines(preview.buffer, 0, 1, true)[1] == "" then
    first = 0
  end
  vim.api.nvim_buf_set_lines(preview.buffer, first, -1, true, lines)
  for row = first, first + #lines - 1 do
    vim.api.nvim_buf_set_extmark(preview.buffer, namespace, row, 0, {
      line_hl_group = group,
      virt_text = sign and { { sign, group } } or nil,
      virt_text_pos = "inline",
    })
  end
end

---@param preview editsvc.Preview
---@param hunk editsvc.StreamedHunk In lines of `editsvc.Preview.before`.
local function append_hunk(preview, hunk)
  local first, last = hunk.range.start.line, hunk.range["end"].line
  append(preview, { ("line %d"):format(first + 1) }, "EditsvcHint")
  append(preview, vim.list_slice(preview.before, first + 1, last), "EditsvcRemoved", "- ")
  append(preview, editsvc.lines(hunk.newText), "EditsvcAdded", "+ ")
end

--- Open the window beside the cursor's; it says that it waits until something has come.
---@param source integer The buffer that is edited.
---@param title string
---@return editsvc.Preview
function M.open(source, title)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].tabstop = vim.bo[source].tabstop
  ---@type editsvc.Preview
  local preview = {
    before = vim.api.nvim_buf_get_lines(source, 0, -1, true),
    title = title,
    buffer = buffer,
    beside = vim.api.nvim_get_current_win(),
    hunks = 0,
  }
  show(preview, "waiting · :EditCancel stops it")
  return preview
end

--- Say what the server does, until there is something to see.
---@param preview editsvc.Preview
---@param message string
function M.say(preview, message)
  if preview.hunks == 0 and vim.api.nvim_buf_is_valid(preview.buffer) then
    show(preview, ("%s · :EditCancel stops it"):format(message))
  end
end

--- Add hunks that became certain.
---@param preview editsvc.Preview
---@param message editsvc.StreamParams
function M.add(preview, message)
  if not vim.api.nvim_buf_is_valid(preview.buffer) then
    return
  end
  if message.seq == 0 then
    -- The request was sent again: discard everything shown so far.
    vim.api.nvim_buf_set_lines(preview.buffer, 0, -1, true, {})
    preview.hunks = 0
  end
  for _, hunk in ipairs(message.hunks) do
    append_hunk(preview, hunk)
  end
  preview.hunks = preview.hunks + #message.hunks
  local progress = ("%d/%d lines · %s · :EditCancel stops it"):format(
    message.reached,
    message.total,
    editsvc.hunks(preview.hunks)
  )
  show(preview, progress)
end

---@param preview editsvc.Preview
function M.close(preview)
  if preview.window and vim.api.nvim_win_is_valid(preview.window) then
    vim.api.nvim_win_close(preview.window, true)
  end
  if vim.api.nvim_buf_is_valid(preview.buffer) then
    vim.api.nvim_buf_delete(preview.buffer, { force = true })
  end
end

return M

--- What is said to the user: in one line that waits for no key, in full in a float, and all of it in :EditLog.
local M = {}

local MOST = 500
--- What Neovim keeps of the last line for itself, and the name before each message.
local KEPT = 14

---@type { at: string, message: string, level: integer, more: string[] }[]
local said = {}

local NAMES = { [vim.log.levels.ERROR] = "error", [vim.log.levels.WARN] = "warning" }

--- Keep something for :EditLog, without saying it.
---@param message string
---@param level? integer
---@param more? string[] What can be done about it.
function M.note(message, level, more)
  table.insert(said, {
    at = tostring(os.date("%H:%M:%S")),
    message = message,
    level = level or vim.log.levels.INFO,
    more = more or {},
  })
  if #said > MOST then
    table.remove(said, 1)
  end
end

--- As much of a message as fits into one line: a longer one makes Neovim wait for a key, and take the next one for it.
---@param message string
---@return string shown
---@return boolean whole
local function fitting(message)
  local line = message:gsub("%s+", " ")
  local room = vim.o.columns - KEPT - #"editsvc: "
  if vim.fn.strdisplaywidth(line) <= room then
    return line, line == message
  end
  local kept = vim.fn.strcharpart(line, 0, math.max(room - #" … :EditLog", 8))
  return kept .. " … :EditLog", false
end

--- A text in lines of at most so many columns, broken between words.
---@param text string
---@param columns integer
---@return string[]
local function wrapped(text, columns)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if line ~= "" and vim.fn.strdisplaywidth(line .. " " .. word) > columns then
      table.insert(lines, line)
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  table.insert(lines, line)
  return lines
end

---@type integer?
local float

--- Show a message whole beside the cursor, until the cursor moves.
---@param lines string[]
local function show(lines)
  if float and vim.api.nvim_win_is_valid(float) then
    vim.api.nvim_win_close(float, true)
  end
  local columns = math.max(math.min(vim.o.columns - 6, 76), 20)
  local shown = {}
  for _, line in ipairs(lines) do
    vim.list_extend(shown, wrapped(line, columns))
  end
  local _, window = vim.lsp.util.open_floating_preview(shown, "", {
    border = "rounded",
    focusable = false,
    wrap = false,
    close_events = { "CursorMoved", "CursorMovedI", "InsertEnter", "BufLeave", "CmdlineEnter" },
  })
  float = window
end

--- Say something. What does not fit into a line is shown whole as well; so is what can be done about it.
---@param message string
---@param level? integer One of vim.log.levels.
---@param more? string[] What can be done about it, each in a line.
function M.say(message, level, more)
  level = level or vim.log.levels.INFO
  M.note(message, level, more)
  local line, whole = fitting(message)
  vim.notify("editsvc: " .. line, level, { title = "editsvc" })
  if (not whole and level >= vim.log.levels.WARN) or (more and #more > 0) then
    show(vim.list_extend({ message }, more or {}))
  end
end

--- Everything that was said, the last of it at the bottom.
---@return string[]
function M.lines()
  local lines = {}
  for _, one in ipairs(said) do
    local name = NAMES[one.level] and NAMES[one.level] .. ": " or ""
    for index, line in ipairs(vim.split(one.message, "\n")) do
      table.insert(lines, (index == 1 and one.at .. " " .. name or (" "):rep(9)) .. line)
    end
    for _, line in ipairs(one.more) do
      table.insert(lines, (" "):rep(9) .. line)
    end
  end
  return lines
end

--- The user's own keys for one of the plugin's <Plug> maps, in the current buffer or else everywhere; without one, the
--- command that does the same.
---@param name string As in <Plug>(editsvc-NAME).
---@param command string
---@return string
function M.keys(name, command)
  local wanted = ("<Plug>(editsvc-%s)"):format(name):lower()
  for _, maps in ipairs({ vim.api.nvim_buf_get_keymap(0, "n"), vim.api.nvim_get_keymap("n") }) do
    for _, map in ipairs(maps) do
      if (map.rhs or ""):lower() == wanted then
        return vim.fn.keytrans(map.lhsraw or map.lhs)
      end
    end
  end
  return ":" .. command
end

return M

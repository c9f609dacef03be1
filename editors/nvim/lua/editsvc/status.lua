--- What happened: a few words for the status line, and all of the session for :EditLog.
local messages = require("editsvc.messages")

local M = {}

---@type string
local last = ""
---@type string?
local running
local said_offline = false

---@param parts (string|nil)[]
---@param count integer
---@return string
local function joined(parts, count)
  local found = {}
  for index = 1, count do
    found[#found + 1] = parts[index]
  end
  return table.concat(found, " · ")
end

--- Tokens, acceptance, time and cost of an edit, as the server words them, as far as they were reported.
---@param answer editsvc.EditAnswer
---@return string
local function figures(answer)
  local shown = answer.shown or {}
  return joined({
    shown.tokens,
    shown.acceptance and shown.acceptance .. " of the prediction accepted",
    shown.total,
    shown.cost,
    answer.offline and "offline" or nil,
  }, 5)
end

--- Keep a line for :EditLog.
---@param line string
function M.note(line)
  messages.note((line:gsub("\n", " ")))
end

--- Say what runs; nil when it has ended.
---@param text string?
function M.run(text)
  running = text
  vim.cmd.redrawstatus({ bang = true })
end

--- Keep the facts about an edit that has ended.
---@param answer editsvc.EditAnswer
function M.record(answer)
  local old = answer.shown and answer.shown.policy
  last = joined({ answer.status, figures(answer) ~= "" and figures(answer) or nil, old and "policy is old" or nil }, 3)
  M.note(joined({
    last,
    require("editsvc").hunks(#answer.hunks),
    answer.model,
    answer.request_id and "request " .. answer.request_id or nil,
    answer.message ~= "" and answer.message or nil,
    old,
  }, 6))
end

--- Whether this is the first edit of the session that was made without a model.
---@param answer editsvc.EditAnswer
---@return boolean
function M.first_offline(answer)
  local first = answer.offline == true and not said_offline
  said_offline = said_offline or first
  return first
end

---@return string
function M.text()
  -- A status line is drawn before anything is used, and is no reason to load it.
  local review = package.loaded["editsvc.review"]
  local open = review and review.count()
  local words = open and require("editsvc").hunks(open, "open")
  return running or joined({ words or (last ~= "" and last or nil), words and last ~= "" and last or nil }, 2)
end

--- Open the noted lines in a window of their own.
function M.open_log()
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  local lines = messages.lines()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, #lines > 0 and lines or { "Nothing has happened yet." })
  local server_log = vim.lsp.log.get_filename()
  vim.api.nvim_buf_set_lines(buffer, -1, -1, true, { "", "What the server wrote to standard error: " .. server_log })
  vim.bo[buffer].modifiable = false
  vim.cmd("botright split")
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo.wrap, vim.wo.linebreak, vim.wo.breakindent = true, true, true
  vim.cmd("normal! G")
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, nowait = true, desc = "Close the log" })
end

return M

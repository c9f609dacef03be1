--- Edits from the instruction to the answer: asked for, followed while they are written, cancelled.
local client = require("editsvc.client")
local editsvc = require("editsvc")
local messages = require("editsvc.messages")
local preview = require("editsvc.preview")
local status = require("editsvc.status")

local M = {}

--- An edit from its command to its answer.
---@class editsvc.Job
---@field token string Of its progress, by which it can be cancelled.
---@field buffer integer
---@field uri string
---@field argument editsvc.EditArgument
---@field preview editsvc.Preview
---@field cancelled boolean
---@field client_id? integer Of the server that it was sent to.
---@field edit_id? string Known when the first part of it has come.
---@field marks integer[] Extmarks on the first and the last line of the argument's range, which follow what is typed.

---@type editsvc.Job[] In the order in which they were asked for.
local jobs = {}
local count = 0

local namespace = vim.api.nvim_create_namespace("editsvc.edit")

---@type string[] The session's instructions, for completion.
local instructions = {}

--- Why a buffer cannot be edited; nil if it can.
---@param buffer integer
---@return string?
local function unfit(buffer)
  if vim.bo[buffer].buftype ~= "" then
    return "This is not a buffer of a file."
  end
  if vim.api.nvim_buf_get_name(buffer) == "" then
    return "The buffer has no name, so its language is unknown: name it with :file."
  end
  if not vim.bo[buffer].modifiable then
    return "The buffer is not modifiable."
  end
end

---@param job editsvc.Job
local function finish(job)
  preview.close(job.preview)
  for index, other in ipairs(jobs) do
    if other == job then
      table.remove(jobs, index)
      break
    end
  end
  status.run(#jobs > 0 and "editing …" or nil)
end

--- What can be done about an edit that was not made, in a line each.
---@param answer editsvc.EditAnswer
---@return string[]
local function what_helps(answer)
  local commands = {
    ["set-key"] = messages.keys("key", "EditKey") .. " sets the API key, and makes the edit",
    ["retry"] = messages.keys("retry", "EditRetry") .. " makes the same edit again",
    ["restart"] = messages.keys("retry", "EditRetry") .. " starts the server anew, and makes the same edit again",
    ["whole-file"] = ":Edit! edits the whole file",
    ["change-instruction"] = ":Edit with <Up> has the instruction there to be changed",
    ["offline-help"] = ":help editsvc-offline says what works without a key",
    ["show-log"] = messages.keys("log", "EditLog") .. " shows what happened",
  }
  local lines = {}
  for _, remedy in ipairs(answer.remedies or {}) do
    local line = commands[remedy.kind]
    if remedy.kind == "open-setting" then
      line = ("The setting is %s, in `settings` of setup()"):format(remedy.setting)
    end
    table.insert(lines, line)
  end
  return lines
end

---@param answer editsvc.EditAnswer
local function tell(answer)
  if answer.status ~= "changed" then
    local level = answer.status == "failed" and vim.log.levels.ERROR or vim.log.levels.WARN
    local mild = answer.status == "unchanged" or answer.status == "cancelled"
    local message = answer.message ~= "" and answer.message or ("The edit ended: %s."):format(answer.status)
    return messages.say(message, mild and vim.log.levels.INFO or level, what_helps(answer))
  end
  if status.first_offline(answer) then
    -- The server says so with every edit; the user is told once, and the status line goes on saying it.
    return editsvc.notify(("%s %s sets one."):format(answer.message, messages.keys("key", "EditKey")))
  end
  local open = #vim.tbl_filter(function(hunk)
    return hunk.state == "open" or hunk.state == "proposed"
  end, answer.hunks)
  if open == 0 then
    return editsvc.notify(status.text())
  end
  local accept, reject = messages.keys("accept", "EditAccept"), messages.keys("reject", "EditReject")
  editsvc.notify(("%s · %s %s"):format(editsvc.hunks(open, "open"), accept, reject))
end

local start

--- Mark the lines that an edit is about.
---@param buffer integer
---@param range lsp.Range?
---@return integer[]
local function mark(buffer, range)
  if not range then
    return {}
  end
  local first, behind = range.start.line, range["end"].line
  return vim
    .iter({ first, math.max(first, behind - 1) })
    :map(function(row)
      return vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, { strict = false })
    end)
    :totable()
end

--- The argument of an edit, with its lines where they are now.
---@param job editsvc.Job
---@return editsvc.EditArgument
local function carried(job)
  local argument = vim.deepcopy(job.argument)
  if #job.marks > 0 then
    local first = vim.api.nvim_buf_get_extmark_by_id(job.buffer, namespace, job.marks[1], {})[1]
    local last = vim.api.nvim_buf_get_extmark_by_id(job.buffer, namespace, job.marks[2], {})[1]
    local extent = argument.range["end"].line > argument.range.start.line and 1 or 0
    argument.range = {
      start = { line = first, character = 0 },
      ["end"] = { line = math.max(first, last) + extent, character = 0 },
    }
  end
  return argument
end

--- Make an edit again, where its lines are by now.
---@param job editsvc.Job
---@param more table What its argument has besides.
local function make_again(job, more)
  if vim.api.nvim_buf_is_valid(job.buffer) then
    vim.api.nvim_buf_call(job.buffer, function()
      start(vim.tbl_extend("force", carried(job), more))
    end)
  end
end

--- Show what was refused in a buffer of its own, in which <CR> makes that edit all the same and q closes it.
---@param job editsvc.Job
---@param answer editsvc.EditAnswer
local function show_refused(job, answer)
  vim.cmd("botright new")
  local buffer = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, editsvc.lines(answer.refusedDiff))
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden = "nofile", "wipe"
  vim.bo[buffer].filetype, vim.bo[buffer].modifiable, vim.bo[buffer].swapfile = "diff", false, false
  local function close()
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
  vim.keymap.set("n", "q", close, { buffer = buffer, nowait = true, desc = "Leave it as it is" })
  if answer.anyway then
    vim.keymap.set("n", "<CR>", function()
      close()
      make_again(job, answer.anyway)
    end, { buffer = buffer, nowait = true, desc = "Edit anyway" })
  end
  vim.wo.winbar = answer.anyway and "Enter edits anyway, q leaves it as it is" or "q closes this"
end

--- Ask whether an edit is to be made that was refused, for a check of its reply or for its file.
---@param job editsvc.Job
---@param answer editsvc.EditAnswer
local function ask_anyway(job, answer)
  local acts = {
    ["anyway"] = function()
      make_again(job, answer.anyway)
    end,
    ["show-reply"] = function()
      show_refused(job, answer)
    end,
    ["retry"] = function()
      make_again(job, {})
    end,
    ["show-log"] = status.open_log,
  }
  messages.note(answer.message, vim.log.levels.WARN, what_helps(answer))
  local titles, chosen = { "Leave it as it is" }, {}
  for _, remedy in ipairs(answer.remedies or {}) do
    if acts[remedy.kind] then
      table.insert(titles, remedy.title)
      chosen[remedy.title] = acts[remedy.kind]
    end
  end
  editsvc.choose(titles, { prompt = answer.message }, function(title)
    if title and chosen[title] then
      chosen[title]()
    end
  end)
end

--- The last edit that was not made.
---@type { job: editsvc.Job, answer: editsvc.EditAnswer? }?
local unmade

---@param job editsvc.Job
---@param failure string?
---@param answer editsvc.EditAnswer?
---@param client_id integer?
local function answered(job, failure, answer, client_id)
  finish(job)
  if not answer then
    unmade = { job = job }
    return editsvc.notify(failure or "The server gave no answer.", vim.log.levels.ERROR)
  end
  status.record(answer)
  require("editsvc.review").update({ editId = answer.editId, uri = job.uri, hunks = answer.hunks }, client_id)
  unmade = answer.status ~= "changed" and answer.status ~= "unchanged" and { job = job, answer = answer } or nil
  if answer.anyway or answer.refusedDiff ~= "" then
    return ask_anyway(job, answer)
  end
  tell(answer)
end

--- Ask for an edit of the current buffer.
---@param argument editsvc.EditArgument Its document and mode are filled in.
function start(argument)
  local buffer = vim.api.nvim_get_current_buf()
  count = count + 1
  ---@type editsvc.Job
  local job = {
    token = ("editsvc.nvim-%d"):format(count),
    buffer = buffer,
    uri = vim.uri_from_bufnr(buffer),
    argument = argument,
    preview = preview.open(buffer, argument.instruction),
    cancelled = false,
    marks = mark(buffer, argument.range),
  }
  table.insert(jobs, job)
  status.run("editing …")
  client.attach(buffer, function(server)
    if not server then
      return finish(job)
    end
    if job.cancelled then
      finish(job)
      return editsvc.notify("The edit was cancelled.")
    end
    job.client_id = server.id
    argument.uri = job.uri
    argument.mode = argument.mode or editsvc.options.settings.mode
    client.execute(server, buffer, "editsvc.edit", argument, function(failure, answer, client_id)
      answered(job, failure, answer, client_id)
    end, job.token)
  end)
end

---@param instruction string
local function remember(instruction)
  vim.fn.histadd("input", instruction)
  instructions = vim.tbl_filter(function(known)
    return known ~= instruction
  end, instructions)
  table.insert(instructions, 1, instruction)
end

--- What an edit is about: the whole file, the lines of a range, or the cursor's place.
---@param call vim.api.keyset.create_user_command.command_args
---@return editsvc.EditArgument Without its document and its instruction.
local function place(call)
  if call.bang then
    return { scope = "file" }
  end
  local first, behind = call.line1 - 1, call.line2
  if call.range == 0 then
    -- A place without extent means the definition around it; only its line matters.
    first, behind = call.line1 - 1, call.line1 - 1
  end
  return { range = { start = { line = first, character = 0 }, ["end"] = { line = behind, character = 0 } } }
end

---@param argument editsvc.EditArgument
---@param instruction string
local function with_instruction(argument, instruction)
  remember(instruction)
  argument.instruction = instruction
  start(argument)
end

--- Choose one of the instructions that the server offers at a place, one in a comment there included.
---@param argument editsvc.EditArgument As `place` makes it.
local function choose(argument)
  local buffer = vim.api.nvim_get_current_buf()
  client.attach(buffer, function(server)
    if not server then
      return
    end
    local origin = { line = 0, character = 0 }
    local params = {
      textDocument = { uri = vim.uri_from_bufnr(buffer) },
      range = argument.range or { start = origin, ["end"] = origin },
      context = { diagnostics = {}, only = { "refactor.rewrite.editsvc" } },
    }
    client.request(server, buffer, "textDocument/codeAction", params, function(actions)
      editsvc.choose(actions or {}, {
        prompt = "Edit",
        kind = "editsvc.preset",
        format_item = function(action)
          return action.title
        end,
      }, function(action)
        if not action or vim.api.nvim_get_current_buf() ~= buffer then
          return
        end
        local offered = action.command.arguments[1] ---@type editsvc.EditArgument
        start({
          instruction = offered.instruction,
          comment = offered.comment,
          range = not argument.scope and offered.range or nil,
          scope = argument.scope,
        })
      end)
    end)
  end)
end

---@return boolean
local function fit()
  local reason = unfit(vim.api.nvim_get_current_buf())
  if reason then
    editsvc.notify(reason, vim.log.levels.ERROR)
  end
  return not reason
end

--- Carry out :Edit. Without an instruction it asks for one, and an empty answer leads to the presets.
---@param call vim.api.keyset.create_user_command.command_args
function M.command(call)
  if not fit() then
    return
  end
  local argument = place(call)
  if call.args:find("%S") then
    return with_instruction(argument, vim.trim(call.args))
  end
  vim.ui.input({
    prompt = "Edit (empty: presets): ",
    completion = "customlist,v:lua.require'editsvc.edit'.complete",
  }, function(instruction)
    if instruction and instruction:find("%S") then
      with_instruction(argument, vim.trim(instruction))
    elseif instruction then
      choose(argument)
    end
  end)
end

--- Choose a preset for the cursor's place.
function M.preset()
  if fit() then
    local line = vim.api.nvim_win_get_cursor(0)[1]
    choose(place({ line1 = line, line2 = line, range = 0, bang = false }))
  end
end

--- The session's instructions that begin with what was typed, the last one first.
---@param start_of string
---@return string[]
function M.complete(start_of)
  return vim.tbl_filter(function(instruction)
    return vim.startswith(instruction, start_of)
  end, instructions)
end

--- Show a part of an edit that has come: `editsvc/stream`.
---
--- The edits of a document run one after the other, so an id that is new belongs to the first that has none.
---@param message editsvc.StreamParams
function M.streamed(message)
  local job = vim.iter(jobs):find(function(one)
    return one.edit_id == message.editId
  end) or vim.iter(jobs):find(function(one)
    return not one.edit_id and one.client_id and one.uri == message.uri
  end)
  if job and not job.cancelled then
    job.edit_id = message.editId
    preview.add(job.preview, message)
    status.run(("editing %d/%d"):format(message.reached, message.total))
  end
end

--- Show what the server does before a part has come: work-done progress.
---@param params lsp.ProgressParams
function M.progressed(params)
  local job = vim.iter(jobs):find(function(one)
    return one.token == params.token
  end)
  local value = params.value
  if job and not job.cancelled and type(value) == "table" and value.kind == "report" and value.message then
    preview.say(job.preview, value.message)
  end
end

--- Stop the edit of the current buffer that was asked for last, or else that of another one.
function M.cancel()
  local buffer = vim.api.nvim_get_current_buf()
  local job = vim.iter(jobs):rfind(function(one)
    return one.buffer == buffer
  end) or jobs[#jobs]
  if not job then
    return editsvc.notify("No edit is running.")
  end
  job.cancelled = true
  if job.client_id then
    client.cancel(job.client_id, job.token)
  end
end

--- Make the edit again that was not made, where its lines are by now.
function M.retry()
  local last = unmade
  if not last then
    return editsvc.notify("Every edit of this session was made.")
  end
  local restart = vim.iter(last.answer and last.answer.remedies or {}):any(function(remedy)
    return remedy.kind == "restart"
  end)
  local function again()
    make_again(last.job, {})
  end
  if restart then
    return client.restart(again)
  end
  again()
end

--- Ask for the API key, for the server of this session, and make the edit that wanted one.
function M.set_key()
  local key = vim.fn.inputsecret("API key for Cerebras (kept for this session): ")
  if not key:find("%S") then
    return
  end
  vim.env.CEREBRAS_API_KEY = vim.trim(key)
  local wanted = unmade and unmade.answer and vim.iter(unmade.answer.remedies or {}):any(function(remedy)
    return remedy.kind == "set-key"
  end)
  client.restart(function()
    if wanted then
      M.retry()
    else
      editsvc.notify("The key is set for this session.")
    end
  end)
end

--- Show the report on all requests in a browser.
function M.report()
  local buffer = vim.api.nvim_get_current_buf()
  client.attach(buffer, function(server)
    if not server then
      return
    end
    client.execute(server, buffer, "editsvc.report", { format = "html" }, function(failure, answer)
      ---@cast answer editsvc.ReportPage?
      if not answer then
        return editsvc.notify(failure or "The server gave no report.", vim.log.levels.ERROR)
      end
      local path = vim.fn.tempname() .. ".html"
      vim.fn.writefile(vim.split(answer.html, "\n"), path)
      local _, problem = vim.ui.open(path)
      if problem then
        editsvc.notify(("The report is in %s: %s"):format(path, problem), vim.log.levels.WARN)
      end
    end)
  end)
end

return M

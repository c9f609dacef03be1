--- The way to the language server: started when it is first needed, and again after it has ended.
local editsvc = require("editsvc")

local M = {}

---@alias editsvc.Answer editsvc.EditAnswer|editsvc.DecisionAnswer|editsvc.CancelAnswer|editsvc.ReportPage
---@alias editsvc.OnAnswer fun(failure: string?, answer: editsvc.Answer?, client_id: integer?)

local NAME = "editsvc"
local ENDED = "The language server ended; the next :Edit starts it again. :EditLog says more."

---@type table<integer, fun(client: vim.lsp.Client?)[]> By client: who waits until it has been initialized.
local waiting = {}
---@type table<integer, table<editsvc.OnAnswer, true>> By client: who waits for an answer.
local asked = {}

--- Neovim 0.11 has methods where 0.10 has functions.
---@param client vim.lsp.Client
---@param method "request"|"notify"|"is_stopped"|"stop"
local function call(client, method, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client[method](client, ...)
  end
  return client[method](...)
end

---@param client vim.lsp.Client
---@return boolean
local function alive(client)
  return client.name == NAME and not call(client, "is_stopped")
end

--- Make the edit as one change that one undo takes back, whatever the user is typing around it.
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult
local function apply_edit(_, params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  for _, change in ipairs(params.edit.documentChanges or {}) do
    local buffer = vim.uri_to_bufnr(change.textDocument.uri)
    -- Neovim skips an edit of an older text and says that it was made; the server should hear the truth.
    local version = change.textDocument.version
    if version and version ~= vim.lsp.util.buf_versions[buffer] then
      return { applied = false, failureReason = "the text is newer than the edit" }
    end
    if not vim.bo[buffer].modifiable then
      return { applied = false, failureReason = "the buffer is not modifiable" }
    end
  end
  -- Setting 'undolevels', even to what it is, ends an undo step.
  vim.cmd("let &g:undolevels = &g:undolevels")
  local made, reason = pcall(vim.lsp.util.apply_workspace_edit, params.edit, client.offset_encoding)
  vim.cmd("let &g:undolevels = &g:undolevels")
  return { applied = made, failureReason = not made and tostring(reason) or nil }
end

---@type table<string, lsp.Handler>
local handlers = {
  ---@param params editsvc.StreamParams
  ["editsvc/stream"] = function(_, params)
    require("editsvc.edit").streamed(params)
  end,
  ---@param params editsvc.HunksParams
  ["editsvc/hunks"] = function(_, params, context)
    require("editsvc.review").update(params, context.client_id)
  end,
  ["workspace/applyEdit"] = apply_edit,
  ["$/progress"] = function(failure, params, context)
    vim.lsp.handlers["$/progress"](failure, params, context)
    require("editsvc.edit").progressed(params)
  end,
  ["window/logMessage"] = function(_, params)
    require("editsvc.status").note(params.message)
  end,
}

---@param client_id integer
local function on_init(client_id)
  local callbacks = waiting[client_id] or {}
  waiting[client_id] = nil
  local client = vim.lsp.get_client_by_id(client_id)
  for _, ready in ipairs(callbacks) do
    ready(client)
  end
end

---@param code integer
---@param signal integer
---@param client_id integer
local function on_exit(code, signal, client_id)
  if vim.v.exiting ~= vim.NIL then
    return
  end
  require("editsvc.status").note(("the language server ended with status %d, signal %d"):format(code, signal))
  local answers, starting = asked[client_id] or {}, waiting[client_id] or {}
  asked[client_id], waiting[client_id] = nil, nil
  for on_answer in pairs(answers) do
    on_answer(ENDED)
  end
  for _, ready in ipairs(starting) do
    ready(nil)
  end
  if #starting > 0 then
    editsvc.notify("The language server ended before it was ready. :EditLog says more.", vim.log.levels.ERROR)
  end
  if require("editsvc.review").forget_client(client_id) and not next(answers) then
    editsvc.notify(ENDED .. " Open hunks stay in the buffer.", vim.log.levels.WARN)
  end
end

--- The configuration of the client, for vim.lsp.start and vim.lsp.enable.
---@return vim.lsp.ClientConfig
function M.config()
  local options = editsvc.options
  local settings = vim.deepcopy(options.settings)
  ---@type editsvc.InitializationOptions
  local init_options = { stream = true, hunks = true }
  if #options.presets > 0 then
    settings.presets = vim.list_extend(vim.deepcopy(options.presets), settings.presets or {})
  end
  return {
    name = NAME,
    cmd = options.cmd,
    root_markers = { ".editsvc.toml", ".git" },
    init_options = init_options,
    settings = { editsvc = settings },
    handlers = handlers,
    on_init = function(client)
      -- The buffer is opened at the server after this returns, and what waits needs it there.
      vim.schedule(function()
        on_init(client.id)
      end)
    end,
    on_exit = function(code, signal, client_id)
      vim.schedule(function()
        on_exit(code, signal, client_id)
      end)
    end,
  }
end

--- What is wrong with the command that starts the server, and what to do about it; nil if it works.
---@return string?
function M.missing()
  local command = editsvc.options.cmd[1]
  if vim.fn.executable(command) == 1 then
    return nil
  end
  return ("%s was not found. In a checkout of editsvc, pipx install . installs it; :help editsvc-install says more."):format(
    command
  )
end

--- Have a buffer at a server, and call `ready` with its client; with nil if it ended before.
---@param buffer integer
---@param ready fun(client: vim.lsp.Client?)
function M.attach(buffer, ready)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = buffer, name = NAME })) do
    if alive(client) then
      return ready(client)
    end
  end
  local missing = M.missing()
  if missing then
    editsvc.notify(missing, vim.log.levels.ERROR)
    return ready(nil)
  end
  local config = M.config()
  config.root_dir = vim.fs.root(buffer, config.root_markers)
  local client_id = vim.lsp.start(config, {
    bufnr = buffer,
    reuse_client = function(client, wanted)
      return alive(client) and client.config.root_dir == wanted.root_dir
    end,
  })
  local client = client_id and vim.lsp.get_client_by_id(client_id)
  if not client or client.initialized then
    return ready(client)
  end
  waiting[client_id] = waiting[client_id] or {}
  table.insert(waiting[client_id], ready)
end

--- Execute a command of the server; `on_answer` is called once, with a sentence if it failed.
---@param client vim.lsp.Client
---@param buffer integer What was typed there is reported to the server first.
---@param command editsvc.Command
---@param argument editsvc.EditArgument|editsvc.HunkArgument|editsvc.EditIdArgument|editsvc.ReportArgument
---@param on_answer editsvc.OnAnswer
---@param token? string For the progress of the command, and to cancel it by.
function M.execute(client, buffer, command, argument, on_answer, token)
  local mine = asked[client.id] or {}
  asked[client.id] = mine
  mine[on_answer] = true
  local function done(failure, answer)
    if mine[on_answer] then
      mine[on_answer] = nil
      on_answer(failure, answer, client.id)
    end
  end
  local params = { command = command, arguments = { argument }, workDoneToken = token }
  local sent = call(client, "request", "workspace/executeCommand", params, function(failure, answer)
    done(failure and failure.message, answer)
  end, buffer)
  if not sent then
    done(ENDED)
  end
end

--- Ask the server something else; `on_answer` gets nil if it failed.
---@param client vim.lsp.Client
---@param buffer integer
---@param method string
---@param params table
---@param on_answer fun(answer: any)
function M.request(client, buffer, method, params, on_answer)
  call(client, "request", method, params, function(_, answer)
    on_answer(answer)
  end, buffer)
end

--- End all servers, so that the next start reads the environment and all settings anew, and call `ready` then.
---@param ready fun()
function M.restart(ready)
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    if alive(client) then
      call(client, "stop")
    end
  end
  local function wait()
    if vim.iter(vim.lsp.get_clients({ name = NAME })):any(alive) then
      vim.defer_fn(wait, 20)
    else
      ready()
    end
  end
  wait()
end

--- Stop what runs under a progress token.
---@param client_id integer
---@param token string
function M.cancel(client_id, token)
  local client = vim.lsp.get_client_by_id(client_id)
  if client then
    call(client, "notify", "window/workDoneProgress/cancel", { token = token })
  end
end

return M

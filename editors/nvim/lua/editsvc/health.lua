--- :checkhealth editsvc
local M = {}

local TIMEOUT_MS = 15000

---@param command string[]
---@return string? output What it printed; nil if it failed.
---@return string? problem
local function run(command)
  local started, process = pcall(vim.system, command, { text = true })
  if not started then
    return nil, tostring(process)
  end
  local done = process:wait(TIMEOUT_MS)
  if done.code == 124 and done.signal ~= 0 then
    return nil, ("it gave no answer for %d s"):format(TIMEOUT_MS / 1000)
  end
  -- Status and output are separate matters: the doctor's status says whether it has found a problem.
  if vim.trim(done.stdout) == "" then
    return nil, vim.trim(done.stderr)
  end
  return done.stdout
end

---@return boolean
local function check_server()
  local client = require("editsvc.client")
  local missing = client.missing()
  if missing then
    vim.health.error(missing, "Or set `cmd` in setup() to where it is.")
    return false
  end
  local command = vim.deepcopy(require("editsvc").options.cmd)
  table.insert(command, "--version")
  local version, problem = run(command)
  if not version then
    vim.health.error(("%s --version failed: %s"):format(command[1], problem))
    return false
  end
  vim.health.ok(("%s: %s"):format(command[1], vim.trim(version)))
  local running = vim.lsp.get_clients({ name = "editsvc" })
  vim.health.info(#running > 0 and "the server is running" or "the server starts with the first :Edit")
  return true
end

--- The command line beside the server, or else the one on the path.
---@return string?
local function command_line()
  local beside = vim.fs.joinpath(vim.fs.dirname(vim.fn.exepath(require("editsvc").options.cmd[1])), "editsvc")
  return vim.iter({ beside, "editsvc" }):find(function(command)
    return vim.fn.executable(command) == 1
  end)
end

--- Key, offline engine, log and the way to the model, as the product itself sees them; never the key's value.
local function check_product()
  local command = command_line()
  local printed, problem
  if command then
    printed, problem = run({ command, "doctor", "--json" })
  else
    problem = "the command editsvc was not found"
  end
  local parsed, report = pcall(vim.json.decode, printed or "", { luanil = { object = true } })
  if not parsed or type(report.findings) ~= "table" then
    vim.health.warn("editsvc doctor could not be asked: " .. (problem or "it printed no JSON"))
    local key = vim.env.CEREBRAS_API_KEY
    vim.health.info(key and key ~= "" and "CEREBRAS_API_KEY is set" or "CEREBRAS_API_KEY is not set: without a key the offline engine edits")
    return
  end
  for _, finding in ipairs(report.findings) do
    local say = finding.ok and vim.health.ok or finding.ok == false and vim.health.error or vim.health.info
    say(("%s: %s"):format(finding.name, finding.text))
  end
end

function M.check()
  vim.health.start("editsvc: Neovim")
  local version = tostring(vim.version())
  if vim.fn.has("nvim-0.10") == 1 then
    vim.health.ok("Neovim " .. version)
  else
    vim.health.error(("Neovim 0.10 or later is needed; this is %s"):format(version))
  end
  vim.health.start("editsvc: language server")
  if check_server() then
    vim.health.start("editsvc: product")
    check_product()
  end
end

return M

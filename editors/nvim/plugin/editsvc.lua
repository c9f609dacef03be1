-- Commands and <Plug> maps. Nothing is loaded, and no server started, before the first of them is used.
if vim.g.loaded_editsvc then
  return
end
vim.g.loaded_editsvc = true

local command = vim.api.nvim_create_user_command

command("Edit", function(call)
  require("editsvc.edit").command(call)
end, {
  nargs = "*",
  range = true,
  bang = true,
  complete = function(start)
    return require("editsvc.edit").complete(start)
  end,
  desc = "Edit by instruction: the place of the cursor, the range, or with ! the whole file",
})

--- What takes no argument: the command, its <Plug> map, the module and function, and what it does.
---@type [string, string, string, string, string][]
local simple = {
  { "EditAccept", "accept", "review", "accept", "Keep the hunk at the cursor" },
  { "EditReject", "reject", "review", "reject", "Take back the hunk at the cursor" },
  { "EditAcceptAll", "accept-all", "review", "accept_all", "Keep all open hunks of the buffer" },
  { "EditRejectAll", "reject-all", "review", "reject_all", "Take back all open hunks of the buffer" },
  {
    "EditRejectUnasked",
    "reject-unasked",
    "review",
    "reject_unasked",
    "Take back the open hunks of the buffer that were not asked for",
  },
  { "EditNext", "next", "review", "next", "Go to the next open hunk" },
  { "EditPrev", "prev", "review", "prev", "Go to the previous open hunk" },
  { "EditPreset", "preset", "edit", "preset", "Choose a preset instruction" },
  { "EditCancel", "cancel", "edit", "cancel", "Stop the running edit" },
  { "EditReport", "report", "edit", "report", "Show what predictions were worth, in a browser" },
  { "EditRetry", "retry", "edit", "retry", "Make the edit again that was not made" },
  { "EditKey", "key", "edit", "set_key", "Set the API key for this session" },
  { "EditLog", "log", "status", "open_log", "Show what happened in this session" },
}
for _, row in ipairs(simple) do
  local name, plug, module, func, desc = unpack(row)
  local function run()
    require("editsvc." .. module)[func]()
  end
  command(name, run, { desc = desc })
  vim.keymap.set("n", "<Plug>(editsvc-" .. plug .. ")", run, { desc = desc })
end

--- Accepting and rejecting by key: at the cursor, so that the dot repeats it; over a motion; over what is selected.
for _, name in ipairs({ "accept", "reject" }) do
  local function operating(motion)
    return function()
      return require("editsvc.review").operate(name, motion)
    end
  end
  local plug = "<Plug>(editsvc-" .. name
  local what = name == "accept" and "Keep" or "Take back"
  vim.keymap.set("n", plug .. ")", operating("_"), { expr = true, desc = what .. " the hunk at the cursor" })
  vim.keymap.set("n", plug .. "-operator)", operating(""), { expr = true, desc = what .. " the hunks of a motion" })
  vim.keymap.set("x", plug .. ")", function()
    require("editsvc.review").selected(name)
  end, { desc = what .. " the hunks of the selected lines" })
end
vim.keymap.set({ "o", "x" }, "<Plug>(editsvc-hunk)", function()
  require("editsvc.review").select()
end, { desc = "The lines of a hunk" })

vim.keymap.set("n", "<Plug>(editsvc-edit)", "<Cmd>Edit<CR>", { desc = "Edit by instruction" })
-- Not <Cmd>: the colon is what puts the selection's range in front.
vim.keymap.set("x", "<Plug>(editsvc-edit)", ":Edit<CR>", { silent = true, desc = "Edit the selection" })
vim.keymap.set("n", "<Plug>(editsvc-edit-file)", "<Cmd>Edit!<CR>", { desc = "Edit the whole file" })

--- Open hunks in the buffer: shown, walked through, accepted and rejected. What they are, the server says.
local client = require("editsvc.client")
local colours = require("editsvc.colours")
local editsvc = require("editsvc")
local messages = require("editsvc.messages")

local M = {}

---@class editsvc.Review
---@field id string The edit's.
---@field number integer Counts the edits of the session: a later one has a higher number.
---@field buffer integer
---@field client_id integer
---@field hunks table<integer, editsvc.Hunk> Those that are shown, by id.
---@field marks table<integer, integer[]> By the hunk's id: the extmark that holds its place, and one for virtual lines.
---@field deciding table<integer, string> By the hunk's id: the decision on it that the server has not answered yet.

---@class editsvc.Place
---@field review editsvc.Review
---@field hunk editsvc.Hunk
---@field first integer 0-based row.
---@field last integer The last row; `first` for a hunk that only deleted.

local namespace = vim.api.nvim_create_namespace("editsvc.review")
local group = vim.api.nvim_create_augroup("editsvc.review", {})

local SHOWN = { open = true, edited = true, proposed = true }

---@type table<string, editsvc.Review>
local reviews = {}
local count = 0

--- The rows of a range of whole lines: the first, and the one behind the last.
---@param range lsp.Range
---@param buffer integer
---@return integer, integer
local function rows(range, buffer)
  local first, last = range.start, range["end"]
  local count = vim.api.nvim_buf_line_count(buffer)
  -- A column other than 0 is the end of a last line without a line end.
  local from = math.min(first.line + (first.character > 0 and 1 or 0), count)
  return from, math.max(from, math.min(last.line + (last.character > 0 and 1 or 0), count))
end

--- Lines above the first line of a window are shown only if the window is told to leave room for them.
---@param buffer integer
---@param count integer
local function make_room(buffer, count)
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    vim.api.nvim_win_call(window, function()
      local view = vim.fn.winsaveview()
      if view.topline == 1 then
        view.topfill = count
        vim.fn.winrestview(view)
      end
    end)
  end
end

--- After how many columns the lines of a buffer are wrapped, in the narrowest window that wraps them; nil in none.
---@param buffer integer
---@return integer?
local function wrapping(buffer)
  local narrowest
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    if vim.wo[window].wrap then
      local found = vim.fn.getwininfo(window)[1]
      -- A sign may come at any time, and takes two columns.
      local sign = vim.wo[window].signcolumn:find("^auto") and 2 or 0
      narrowest = math.min(narrowest or math.huge, math.max(found.width - found.textoff - sign, 10))
    end
  end
  return narrowest
end

---@param review editsvc.Review
---@param hunk_id integer
local function erase(review, hunk_id)
  for _, mark in ipairs(review.marks[hunk_id] or {}) do
    vim.api.nvim_buf_del_extmark(review.buffer, namespace, mark)
  end
  review.marks[hunk_id] = nil
end

--- The lines of a hunk that are in the buffer, highlighted; the mark that holds their place.
---@param review editsvc.Review
---@param hunk editsvc.Hunk
---@param first integer
---@param behind integer The row behind the last one.
---@param label? string Which of the buffer's hunks it is.
---@return integer
local function mark_place(review, hunk, first, behind, label)
  local words = { { hunk.state == "edited" and "  ● edited" or "  ●", "EditsvcHint" } }
  if label then
    table.insert(words, { " " .. label, "EditsvcHint" })
  end
  if hunk.mark == "unexplained" then
    table.insert(words, { "  not asked for?", "EditsvcUnasked" })
  end
  for _, finding in ipairs(hunk.findings) do
    table.insert(words, { "  " .. finding, "EditsvcHint" })
  end
  ---@type vim.api.keyset.set_extmark
  local options = {
    virt_text = words,
    hl_mode = "combine",
    strict = false,
    id = (review.marks[hunk.id] or {})[1],
  }
  if behind > first then
    local last_line = vim.api.nvim_buf_get_lines(review.buffer, behind - 1, behind, true)[1]
    options.end_row, options.end_col = behind - 1, #last_line
    options.line_hl_group = hunk.state == "proposed" and "EditsvcRemoved" or "EditsvcAdded"
    -- What an undo or the user removes is not to look open until the server has said what it is now.
    options.invalidate, options.undo_restore = true, false
  end
  return vim.api.nvim_buf_set_extmark(review.buffer, namespace, first, 0, options)
end

--- The lines of a hunk that are not in the buffer: those it removed, above; those it would write, below.
---@param review editsvc.Review
---@param hunk editsvc.Hunk
---@param first integer
---@param behind integer The row behind the last one.
---@param gone table<integer, editsvc.Span[]> The words of the old text that the new one has not.
---@param added table<integer, editsvc.Span[]> And the other way round.
---@return integer?
local function mark_absent(review, hunk, first, behind, gone, added)
  local buffer = review.buffer
  local proposed = hunk.state == "proposed"
  local columns = wrapping(buffer)
  local lines = proposed and colours.lines(hunk.newText, buffer, "EditsvcAdded", added, "EditsvcAddedWord", columns)
    or colours.lines(hunk.oldText, buffer, "EditsvcRemoved", gone, "EditsvcRemovedWord", columns)
  if #lines == 0 then
    return nil
  end
  local row = proposed and behind or first
  -- Above a row, except behind the last line, where there is no row.
  local above = row < vim.api.nvim_buf_line_count(buffer)
  if above and row == 0 then
    make_room(buffer, #lines)
  end
  ---@type vim.api.keyset.set_extmark
  local options = {
    virt_lines = lines,
    virt_lines_above = above,
    invalidate = behind > first and not proposed,
  }
  if vim.fn.has("nvim-0.11") == 1 then
    -- Long ones scroll with the window; before 0.11 they are cut at its edge.
    options.virt_lines_overflow = "scroll"
  end
  return vim.api.nvim_buf_set_extmark(buffer, namespace, above and row or row - 1, 0, options)
end

--- The words of a hunk's lines that are new, where only some are.
---@param review editsvc.Review
---@param hunk editsvc.Hunk
---@param first integer
---@param behind integer
---@param added table<integer, editsvc.Span[]>
---@return integer[]
local function mark_words(review, hunk, first, behind, added)
  if hunk.state ~= "open" then
    return {}
  end
  local marks = {}
  for row, spans in pairs(added) do
    for _, span in ipairs(first + row < behind and spans or {}) do
      local options = { end_col = span.last, hl_group = "EditsvcAddedWord", invalidate = true, strict = false }
      table.insert(marks, vim.api.nvim_buf_set_extmark(review.buffer, namespace, first + row, span.first, options))
    end
  end
  return marks
end

---@param review editsvc.Review
---@param hunk editsvc.Hunk
---@param first integer
---@param behind integer
local function draw(review, hunk, first, behind)
  erase(review, hunk.id)
  local gone, added = colours.differences(hunk.oldText, hunk.newText)
  local marks = { mark_place(review, hunk, first, behind), mark_absent(review, hunk, first, behind, gone, added) }
  review.marks[hunk.id] = vim.list_extend(marks, mark_words(review, hunk, first, behind, added))
end

--- The maps that a buffer had under the keys of its review, to be put back.
---@type table<integer, { mode: string, key: string, before: table? }[]>
local mapped = {}

--- Give a buffer the keys of a review while hunks are open in it, and take them away again.
---@param buffer integer
---@param open boolean
local function map(buffer, open)
  if open == (mapped[buffer] ~= nil) or not vim.api.nvim_buf_is_loaded(buffer) then
    return
  end
  vim.api.nvim_buf_call(buffer, function()
    if not open then
      for _, one in ipairs(mapped[buffer]) do
        pcall(vim.keymap.del, one.mode, one.key, { buffer = buffer })
        if one.before then
          vim.fn.mapset(one.mode, false, one.before)
        end
      end
      mapped[buffer] = nil
      return
    end
    mapped[buffer] = {}
    for name, wanted in pairs(editsvc.wanted(true)) do
      for _, mode in ipairs(wanted.modes) do
        local before = vim.fn.maparg(wanted.key, mode, false, true)
        table.insert(mapped[buffer], {
          mode = mode,
          key = wanted.key,
          before = before.buffer == 1 and before or nil,
        })
        vim.keymap.set(mode, wanted.key, "<Plug>(editsvc-" .. name .. ")", { buffer = buffer, remap = true })
      end
    end
  end)
end

---@param review editsvc.Review
---@param hunk_id integer
---@return integer? first
---@return integer? last
local function position(review, hunk_id)
  local mark = review.marks[hunk_id][1]
  local found = vim.api.nvim_buf_get_extmark_by_id(review.buffer, namespace, mark, { details = true })
  if found[1] and not found[3].invalid then
    return found[1], found[3].end_row or found[1]
  end
end

---@param review editsvc.Review
---@param hunk_id integer
local function hide(review, hunk_id)
  erase(review, hunk_id)
  review.hunks[hunk_id], review.deciding[hunk_id] = nil, nil
end

---@param review editsvc.Review
local function forget(review)
  reviews[review.id] = nil
  if vim.api.nvim_buf_is_valid(review.buffer) then
    for hunk_id in pairs(review.hunks) do
      hide(review, hunk_id)
    end
    local others = vim.iter(pairs(reviews)):any(function(_, other)
      return other.buffer == review.buffer
    end)
    map(review.buffer, others)
  end
end

--- A buffer that is read anew or unloaded has been closed at the server, which follows its hunks no longer.
---@param buffer integer
local function watch(buffer)
  vim.api.nvim_clear_autocmds({ group = group, buffer = buffer })
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufUnload" }, {
    group = group,
    buffer = buffer,
    callback = function()
      for _, review in pairs(reviews) do
        if review.buffer == buffer then
          forget(review)
        end
      end
    end,
  })
end

--- The hunks of a buffer that are shown, from top to bottom; those that are being decided on included.
---@param buffer integer
---@return editsvc.Place[]
local function shown_in(buffer)
  local found = {} ---@type editsvc.Place[]
  for _, review in pairs(reviews) do
    if review.buffer == buffer then
      for hunk_id, hunk in pairs(review.hunks) do
        local first, last = position(review, hunk_id)
        if first and last then
          table.insert(found, { review = review, hunk = hunk, first = first, last = last })
        end
      end
    end
  end
  table.sort(found, function(one, other)
    return one.first < other.first
  end)
  return found
end

--- The open hunks of a buffer, from top to bottom. One that was decided on is open no longer, though the server may not
--- have said so yet: a second key right behind the first is about the next one.
---@param buffer integer
---@return editsvc.Place[]
local function places_in(buffer)
  return vim.tbl_filter(function(place)
    return not place.review.deciding[place.hunk.id]
  end, shown_in(buffer))
end

--- The open hunks of the current buffer, from top to bottom.
---@return editsvc.Place[]
local function places()
  return places_in(vim.api.nvim_get_current_buf())
end

--- The row behind a hunk's last one; its first for a hunk that only deleted.
---@param place editsvc.Place
---@return integer
local function behind(place)
  local mark = place.review.marks[place.hunk.id][1]
  local found = vim.api.nvim_buf_get_extmark_by_id(place.review.buffer, namespace, mark, { details = true })
  return found[3].end_row and found[3].end_row + 1 or place.first
end

--- Write behind each open hunk of a buffer which one it is, as "2 of 10", and behind the others what is done to them.
---@param buffer integer
local function number(buffer)
  local shown, open = shown_in(buffer), #places_in(buffer)
  map(buffer, #shown > 0)
  local index = 0
  for _, place in ipairs(shown) do
    local review, hunk = place.review, place.hunk
    local label = review.deciding[hunk.id]
    if not label then
      index = index + 1
      label = ("%d of %d"):format(index, open)
    end
    mark_place(review, hunk, place.first, behind(place), label)
  end
end

--- For each buffer with hunks: after how many columns its removed lines are broken; false if they are not.
---@type table<integer, integer|false>
local broken_after = {}

--- Break removed lines anew where windows have changed.
local function rewrap()
  local buffers = {}
  for _, review in pairs(reviews) do
    buffers[review.buffer] = true
  end
  for buffer in pairs(buffers) do
    local columns = wrapping(buffer) or false
    if columns ~= broken_after[buffer] then
      broken_after[buffer] = columns
      for _, place in ipairs(shown_in(buffer)) do
        draw(place.review, place.hunk, place.first, behind(place))
      end
      number(buffer)
    end
  end
end
vim.api.nvim_create_autocmd({ "WinResized", "BufWinEnter" }, { group = group, callback = vim.schedule_wrap(rewrap) })
vim.api.nvim_create_autocmd("OptionSet", {
  group = group,
  pattern = { "wrap", "number", "relativenumber", "signcolumn", "foldcolumn" },
  callback = vim.schedule_wrap(rewrap),
})

--- Take over what the server says about an edit: a notification `editsvc/hunks`, or the answer to a command.
---
--- Its positions count if they are of the text as it is now; otherwise those of the extmarks do, which have
--- followed what was typed since.
---@param message editsvc.HunksParams|{ editId: string, uri: string, hunks: editsvc.Hunk[] }
---@param client_id integer
function M.update(message, client_id)
  local buffer = vim.uri_to_bufnr(message.uri)
  if not vim.api.nvim_buf_is_loaded(buffer) then
    return
  end
  local review = reviews[message.editId]
  if not review then
    count = count + 1
    review = {
      id = message.editId,
      number = count,
      buffer = buffer,
      client_id = client_id,
      hunks = {},
      marks = {},
      deciding = {},
    }
    reviews[message.editId] = review
    watch(buffer)
  end
  local current = message.version == vim.lsp.util.buf_versions[buffer]
  for _, hunk in ipairs(message.hunks) do
    if SHOWN[hunk.state] then
      if current or not review.hunks[hunk.id] then
        draw(review, hunk, rows(hunk.range, buffer))
      end
      review.hunks[hunk.id] = hunk
    else
      hide(review, hunk.id)
    end
  end
  if not next(review.hunks) then
    forget(review)
  end
  number(buffer)
  vim.cmd.redrawstatus({ bang = true })
end

--- How many hunks are open in the current buffer; nil if none are.
---@return integer?
function M.count()
  local found = #places()
  return found > 0 and found or nil
end

--- Forget the hunks of a server that has ended; returns whether there were any.
---@param client_id integer
---@return boolean
function M.forget_client(client_id)
  local any = false
  for _, review in pairs(reviews) do
    if review.client_id == client_id then
      any = true
      forget(review)
    end
  end
  return any
end

---@return integer 0-based.
local function cursor_row()
  return vim.api.nvim_win_get_cursor(0)[1] - 1
end

---@param order fun(places: editsvc.Place[]): editsvc.Place?
local function go(order)
  local found = places()
  local place = order(found) or found[1]
  if not place then
    return editsvc.notify("There are no open hunks in this buffer.", vim.log.levels.WARN)
  end
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { place.first + 1, 0 })
  vim.cmd("normal! ^zv")
end

--- Tell the server a decision, and take over what it makes of it.
---@param review editsvc.Review
---@param command editsvc.Command
---@param argument editsvc.HunkArgument|editsvc.EditIdArgument
---@param on_end fun(failure: string?, answer: editsvc.DecisionAnswer?)
local function decide(review, command, argument, on_end)
  local owner = vim.lsp.get_client_by_id(review.client_id)
  if not owner then
    return on_end("The server has ended.")
  end
  client.execute(owner, review.buffer, command, argument, function(failure, answer)
    ---@cast answer editsvc.DecisionAnswer?
    if failure or not answer then
      return on_end(failure or "The server gave no answer.")
    end
    if vim.api.nvim_buf_is_valid(review.buffer) then
      M.update({ editId = answer.editId, uri = vim.uri_from_bufnr(review.buffer), hunks = answer.hunks }, owner.id)
    end
    on_end(nil, answer)
  end)
end

--- Say what the server said to a decision, or else how many hunks are left.
---@param buffer integer
---@param answer editsvc.DecisionAnswer
local function tell(buffer, answer)
  if answer.message ~= "" then
    local level = answer.status == "changed" and vim.log.levels.INFO or vim.log.levels.WARN
    return editsvc.notify(answer.message, level)
  end
  local left = #places_in(buffer)
  editsvc.notify(left > 0 and ("%d left"):format(left) or "no hunks left")
end

---@class editsvc.Decision
---@field review editsvc.Review
---@field argument editsvc.HunkArgument|editsvc.EditIdArgument
---@field hunks integer[] The ids of the hunks that it is about.

--- What stands behind a hunk from the key that decides on it until the server has answered.
---@type table<editsvc.Command, string>
local DECIDING = {
  ["editsvc.acceptHunk"] = "accepting …",
  ["editsvc.acceptEdit"] = "accepting …",
  ["editsvc.rejectHunk"] = "rejecting …",
  ["editsvc.rejectEdit"] = "rejecting …",
  ["editsvc.rejectUnexplained"] = "rejecting …",
}

--- Show that hunks are being decided on, or with nil, that they are no longer.
---@param decision editsvc.Decision
---@param label string?
local function note_deciding(decision, label)
  for _, hunk_id in ipairs(decision.hunks) do
    decision.review.deciding[hunk_id] = label
  end
  if vim.api.nvim_buf_is_valid(decision.review.buffer) then
    number(decision.review.buffer)
  end
end

---@param place editsvc.Place
---@return editsvc.Decision
local function on_hunk(place)
  local argument = { editId = place.review.id, hunkId = place.hunk.id }
  return { review = place.review, argument = argument, hunks = { place.hunk.id } }
end

--- Make decisions one after the other, and say what is left. The first that fails ends it, and its line is named.
---@param command editsvc.Command
---@param decisions editsvc.Decision[]
local function decide_each(command, decisions)
  for _, decision in ipairs(decisions) do
    note_deciding(decision, DECIDING[command])
  end
  local function stop(index)
    for later = index, #decisions do
      note_deciding(decisions[later])
    end
  end
  local function step(index)
    local review, argument = decisions[index].review, decisions[index].argument
    decide(review, command, argument, function(failure, answer)
      if failure or not answer then
        stop(index)
        local place = vim.iter(places_in(review.buffer)):find(function(one)
          return one.review == review and (not argument.hunkId or one.hunk.id == argument.hunkId)
        end)
        local where = place and (" It stopped at line %d."):format(place.first + 1) or ""
        return editsvc.notify((failure or "") .. where, vim.log.levels.ERROR)
      end
      note_deciding(decisions[index])
      if decisions[index + 1] and answer.status ~= "failed" then
        return step(index + 1)
      end
      stop(index + 1)
      if vim.api.nvim_buf_is_valid(review.buffer) then
        tell(review.buffer, answer)
      end
    end)
  end
  step(1)
end

--- Decide on the hunk at the cursor, which goes on to the next one without waiting for the answer: the key can be pressed
--- again at once, however far away the server is.
---@param command editsvc.Command
local function decide_here(command)
  local row = cursor_row()
  local place = vim.iter(places()):find(function(one)
    return one.first <= row and row <= one.last
  end)
  if not place then
    local keys = messages.keys("next", "EditNext")
    return editsvc.notify(("No open hunk here; %s goes to one."):format(keys), vim.log.levels.WARN)
  end
  decide_each(command, { on_hunk(place) })
  if editsvc.options.advance and #places() > 0 then
    go(function(found)
      return vim.iter(found):find(function(other)
        return other.first >= place.first
      end)
    end)
  end
end

--- Decide on hunks by their edits, the last one made first: each decision finds the text as it was made for.
---@param command editsvc.Command
---@param found editsvc.Place[] The hunks.
local function decide_edits(command, found)
  local decisions = {} ---@type table<string, editsvc.Decision>
  for _, place in ipairs(found) do
    local id = place.review.id
    decisions[id] = decisions[id] or { review = place.review, argument = { editId = id }, hunks = {} }
    table.insert(decisions[id].hunks, place.hunk.id)
  end
  local ordered = vim.tbl_values(decisions)
  table.sort(ordered, function(one, other)
    return one.review.number > other.review.number
  end)
  decide_each(command, ordered)
end

---@param command editsvc.Command
local function decide_all(command)
  local found = places()
  if #found == 0 then
    return editsvc.notify("There are no open hunks in this buffer.", vim.log.levels.WARN)
  end
  decide_edits(command, found)
end

--- Decide on the hunks that rows have a part of, the last one first.
---@param command editsvc.Command
---@param first integer 0-based.
---@param last integer
local function decide_rows(command, first, last)
  local decisions = vim
    .iter(places())
    :filter(function(place)
      return place.first <= last and first <= place.last
    end)
    :rev()
    :map(on_hunk)
    :totable()
  if #decisions == 0 then
    return editsvc.notify("There is no open hunk in these lines.", vim.log.levels.WARN)
  end
  decide_each(command, decisions)
end

--- For 'operatorfunc': decide on the hunks that the motion went over, or on the one at the cursor, if it stayed on a line.
---@param command editsvc.Command
---@return fun()
local function operator(command)
  return function()
    local first, last = vim.fn.line("'[") - 1, vim.fn.line("']") - 1
    if first == last then
      return decide_here(command)
    end
    decide_rows(command, first, last)
  end
end

M.accept_operator = operator("editsvc.acceptHunk")
M.reject_operator = operator("editsvc.rejectHunk")

--- The keys of a map that accepts or rejects: what the dot repeats. `motion` is "_" for the hunk at the cursor (a line
--- may be empty, and "l" fails there), or "" for the hunks of the motion that follows.
---@param name "accept"|"reject"
---@param motion string
---@return string
function M.operate(name, motion)
  vim.o.operatorfunc = ("v:lua.require'editsvc.review'.%s_operator"):format(name)
  return "g@" .. motion
end

--- Accept or reject the hunks of the lines that are selected, and end the selection.
---@param name "accept"|"reject"
function M.selected(name)
  local first, last = vim.fn.line("v") - 1, vim.fn.line(".") - 1
  vim.cmd("normal! \27")
  decide_rows(("editsvc.%sHunk"):format(name), math.min(first, last), math.max(first, last))
end

--- Select the lines of the hunk at the cursor, or else of the next one: a text object.
function M.select()
  local row = cursor_row()
  local found = places()
  local place = vim.iter(found):find(function(one)
    return row <= one.last
  end) or found[1]
  if not place then
    return editsvc.notify("There are no open hunks in this buffer.", vim.log.levels.WARN)
  end
  if vim.api.nvim_get_mode().mode:find("^[vV\22]") then
    vim.cmd("normal! \27")
  end
  vim.api.nvim_win_set_cursor(0, { place.first + 1, 0 })
  vim.cmd("normal! V")
  vim.api.nvim_win_set_cursor(0, { place.last + 1, 0 })
end

--- Keep the hunk at the cursor.
function M.accept()
  decide_here("editsvc.acceptHunk")
end

--- Take back the hunk at the cursor.
function M.reject()
  decide_here("editsvc.rejectHunk")
end

--- Keep all open hunks of the buffer.
function M.accept_all()
  decide_all("editsvc.acceptEdit")
end

--- Take back all open hunks of the buffer.
function M.reject_all()
  decide_all("editsvc.rejectEdit")
end

--- Take back the open hunks of the buffer that the instruction does not explain.
function M.reject_unasked()
  local found = vim.tbl_filter(function(place)
    return place.hunk.mark == "unexplained"
  end, places())
  if #found == 0 then
    return editsvc.notify("Every open hunk of this buffer was asked for, as far as is known.")
  end
  decide_edits("editsvc.rejectUnexplained", found)
end

--- Go to the next open hunk, from the last one to the first.
function M.next()
  local row = cursor_row()
  go(function(found)
    return vim.iter(found):find(function(place)
      return place.first > row
    end)
  end)
end

--- Go to the previous open hunk, from the first one to the last.
function M.prev()
  local row = cursor_row()
  go(function(found)
    return vim.iter(found):rfind(function(place)
      return place.first < row
    end) or found[#found]
  end)
end

return M

--- Open hunks in the buffer: shown, walked through, accepted and rejected. What they are, the server says.
local client = require("editsvc.client")
local editsvc = require("editsvc")

local M = {}

---@class editsvc.Review
---@field id string The edit's.
---@field buffer integer
---@field client_id integer
---@field hunks table<integer, editsvc.Hunk> Those that are shown, by id.
---@field marks table<integer, integer[]> By the hunk's id: the extmark that holds its place, and one for virtual lines.

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

--- Lines that are not in the buffer, coloured to the edge of the screen.
---@param text string
---@param buffer integer
---@param colour string
---@return [string, string][][]
local function virtual(text, buffer, colour)
  local tab = (" "):rep(vim.bo[buffer].tabstop)
  return vim
    .iter(editsvc.lines(text))
    :map(function(line)
      local shown = line:gsub("^\t+", function(tabs)
        return tab:rep(#tabs)
      end)
      return { { shown .. (" "):rep(vim.o.columns - vim.fn.strdisplaywidth(shown)), colour } }
    end)
    :totable()
end

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
---@return integer
local function mark_place(review, hunk, first, behind)
  local words = { { hunk.state == "edited" and "  ● edited" or "  ●", "EditsvcHint" } }
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
---@return integer?
local function mark_absent(review, hunk, first, behind)
  local buffer = review.buffer
  local proposed = hunk.state == "proposed"
  local lines = proposed and virtual(hunk.newText, buffer, "EditsvcAdded")
    or virtual(hunk.oldText, buffer, "EditsvcRemoved")
  if #lines == 0 then
    return nil
  end
  local row = proposed and behind or first
  -- Above a row, except behind the last line, where there is no row.
  local above = row < vim.api.nvim_buf_line_count(buffer)
  if above and row == 0 then
    make_room(buffer, #lines)
  end
  return vim.api.nvim_buf_set_extmark(buffer, namespace, above and row or row - 1, 0, {
    virt_lines = lines,
    virt_lines_above = above,
    invalidate = behind > first and not proposed,
  })
end

---@param review editsvc.Review
---@param hunk editsvc.Hunk
---@param first integer
---@param behind integer
local function draw(review, hunk, first, behind)
  erase(review, hunk.id)
  review.marks[hunk.id] = { mark_place(review, hunk, first, behind), mark_absent(review, hunk, first, behind) }
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
  review.hunks[hunk_id] = nil
end

---@param review editsvc.Review
local function forget(review)
  reviews[review.id] = nil
  if vim.api.nvim_buf_is_valid(review.buffer) then
    for hunk_id in pairs(review.hunks) do
      hide(review, hunk_id)
    end
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
    review = { id = message.editId, buffer = buffer, client_id = client_id, hunks = {}, marks = {} }
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

--- The open hunks of the current buffer, from top to bottom.
---@return editsvc.Place[]
local function places()
  local found = {} ---@type editsvc.Place[]
  for _, review in pairs(reviews) do
    if review.buffer == vim.api.nvim_get_current_buf() then
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

---@return integer 0-based.
local function cursor_row()
  return vim.api.nvim_win_get_cursor(0)[1] - 1
end

---@param review editsvc.Review
---@param command editsvc.Command
---@param argument editsvc.HunkArgument|editsvc.EditIdArgument
local function decide(review, command, argument)
  local owner = vim.lsp.get_client_by_id(review.client_id)
  if not owner then
    return
  end
  client.execute(owner, review.buffer, command, argument, function(failure, answer)
    ---@cast answer editsvc.DecisionAnswer
    if failure then
      return editsvc.notify(failure, vim.log.levels.ERROR)
    end
    if answer.message ~= "" then
      editsvc.notify(answer.message, answer.status == "changed" and vim.log.levels.INFO or vim.log.levels.WARN)
    end
    M.update({ editId = answer.editId, uri = vim.uri_from_bufnr(review.buffer), hunks = answer.hunks }, owner.id)
  end)
end

---@param command editsvc.Command
local function decide_here(command)
  local row = cursor_row()
  for _, place in ipairs(places()) do
    if place.first <= row and row <= place.last then
      return decide(place.review, command, { editId = place.review.id, hunkId = place.hunk.id })
    end
  end
  editsvc.notify("There is no open hunk at the cursor; :EditNext goes to one.", vim.log.levels.WARN)
end

---@param command editsvc.Command
local function decide_all(command)
  local edits = {} ---@type table<string, editsvc.Review>
  for _, place in ipairs(places()) do
    edits[place.review.id] = place.review
  end
  if not next(edits) then
    return editsvc.notify("There are no open hunks in this buffer.", vim.log.levels.WARN)
  end
  for edit_id, review in pairs(edits) do
    decide(review, command, { editId = edit_id })
  end
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
  local edits = {} ---@type table<string, editsvc.Review>
  for _, place in ipairs(places()) do
    if place.hunk.mark == "unexplained" then
      edits[place.review.id] = place.review
    end
  end
  if not next(edits) then
    return editsvc.notify("Every open hunk of this buffer was asked for, as far as is known.")
  end
  for edit_id, review in pairs(edits) do
    decide(review, "editsvc.rejectUnexplained", { editId = edit_id })
  end
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

--- The colours of text that is not in the buffer, and which words of a change are new.
local M = {}

---@alias editsvc.Span { first: integer, last: integer } Bytes of a line, from 0, `last` not included.

--- More text than that is compared by lines alone.
local MOST_BYTES = 20000

--- The least contrast of text: WCAG 2.2, success criterion 1.4.3.
local LEAST_CONTRAST = 4.5
--- What code, and the words behind it, are drawn in.
local DRAWN = {
  "Normal",
  "Comment",
  "Constant",
  "String",
  "Identifier",
  "Function",
  "Statement",
  "Operator",
  "PreProc",
  "Type",
  "Special",
  "DiagnosticWarn",
}

---@param colour integer
---@return integer red, integer green, integer blue From 0 to 255.
local function parts(colour)
  return math.floor(colour / 0x10000), math.floor(colour / 0x100) % 0x100, colour % 0x100
end

---@param colour integer
---@return number
local function luminance(colour)
  local function linear(part)
    local share = part / 255
    return share <= 0.04045 and share / 12.92 or ((share + 0.055) / 1.055) ^ 2.4
  end
  local red, green, blue = parts(colour)
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
end

---@param one integer
---@param other integer
---@return number
local function contrast(one, other)
  local a, b = luminance(one), luminance(other)
  return (math.max(a, b) + 0.05) / (math.min(a, b) + 0.05)
end

---@param one integer
---@param other integer
---@param share number How much of `one`.
---@return integer
local function mixed(one, other, share)
  local red, green, blue = parts(one)
  local other_red, other_green, other_blue = parts(other)
  local function mix(a, b)
    return math.floor(a * share + b * (1 - share) + 0.5)
  end
  return mix(red, other_red) * 0x10000 + mix(green, other_green) * 0x100 + mix(blue, other_blue)
end

--- A background for code: `colour`, or as much of it as leaves readable what can be read without it.
---@param colour integer
---@return integer
function M.readable(colour)
  local plain = vim.api.nvim_get_hl(0, { name = "Normal", link = false })
  local behind = plain.bg or (vim.o.background == "dark" and 0x000000 or 0xffffff)
  local drawn = {} ---@type integer[]
  for _, name in ipairs(DRAWN) do
    local foreground = vim.api.nvim_get_hl(0, { name = name, link = false }).fg
    if foreground and contrast(foreground, behind) >= LEAST_CONTRAST then
      table.insert(drawn, foreground)
    end
  end
  local found = colour
  for percent = 100, 30, -10 do
    found = mixed(colour, behind, percent / 100)
    local least = math.huge
    for _, foreground in ipairs(drawn) do
      least = math.min(least, contrast(foreground, found))
    end
    if least >= LEAST_CONTRAST then
      break
    end
  end
  return found
end

--- A text cut into words, each on a line of its own as a diff wants them, and where each begins.
---@param text string
---@return string lines
---@return { row: integer, first: integer, last: integer }[] places
local function words(text)
  local found, places = {}, {}
  for row, line in ipairs(vim.split(text, "\n")) do
    local at = 1
    while at <= #line do
      local word = line:match("^[%w_\128-\255]+", at) or line:match("^%s+", at) or line:sub(at, at)
      table.insert(found, word)
      table.insert(places, { row = row - 1, first = at - 1, last = at - 1 + #word })
      at = at + #word
    end
    table.insert(found, "")
    table.insert(places, { row = row - 1, first = #line, last = #line })
  end
  return table.concat(found, "\n") .. "\n", places
end

--- The words in which two texts differ, by the row of each text; nothing if they have no word in common.
---@param old string
---@param new string
---@return table<integer, editsvc.Span[]> gone
---@return table<integer, editsvc.Span[]> added
function M.differences(old, new)
  if old == "" or new == "" or #old + #new > MOST_BYTES then
    return {}, {}
  end
  local old_words, old_places = words(old)
  local new_words, new_places = words(new)
  local differ = vim.diff(old_words, new_words, { result_type = "indices", algorithm = "histogram" })
  ---@cast differ integer[][]
  local function spans(places, start, count, into)
    for index = start, start + count - 1 do
      local place = places[index]
      if place and place.last > place.first then
        into[place.row] = into[place.row] or {}
        table.insert(into[place.row], { first = place.first, last = place.last })
      end
    end
  end
  local gone, added, changed = {}, {}, 0
  for _, one in ipairs(differ) do
    changed = changed + one[2]
    spans(old_places, one[1], one[2], gone)
    spans(new_places, one[3], one[4], added)
  end
  if changed >= #old_places - #vim.split(old, "\n") then
    return {}, {}
  end
  return gone, added
end

--- The highlight groups of a text in a language, by row and byte; nil without a parser or a query for it.
---@param text string
---@param filetype string
---@return table<integer, table<integer, string>>?
local function syntax(text, filetype)
  local language = vim.treesitter.language.get_lang(filetype) or filetype
  local ok, query = pcall(vim.treesitter.query.get, language, "highlights")
  local parsed, parser = pcall(vim.treesitter.get_string_parser, text, language)
  if not (ok and query and parsed) or #text > MOST_BYTES then
    return nil
  end
  local groups = {} ---@type table<integer, table<integer, string>>
  for _, tree in ipairs(parser:parse()) do
    for id, node in query:iter_captures(tree:root(), text) do
      local name = query.captures[id]
      if name:sub(1, 1) ~= "_" and name ~= "spell" and name ~= "nospell" then
        local first_row, first, last_row, last = node:range()
        for row = first_row, last_row do
          groups[row] = groups[row] or {}
          local from, to = row == first_row and first or 0, row == last_row and last or 1000
          for byte = from, to - 1 do
            groups[row][byte] = "@" .. name .. "." .. language
          end
        end
      end
    end
  end
  return groups
end

--- A line of chunks in parts of at most so many columns: lines that are not in the buffer are not wrapped by Neovim.
---@param chunks [string, string[]][]
---@param columns integer
---@return [string, string[]][][]
local function broken(chunks, columns)
  local parts, width = { {} }, 0 ---@type [string, string[]][][], integer
  for _, chunk in ipairs(chunks) do
    local kept = ""
    for _, character in ipairs(vim.fn.split(chunk[1], "\\zs")) do
      local wide = vim.fn.strdisplaywidth(character)
      if width + wide > columns and width > 0 then
        table.insert(parts[#parts], { kept, chunk[2] })
        table.insert(parts, {})
        kept, width = "", 0
      end
      kept, width = kept .. character, width + wide
    end
    table.insert(parts[#parts], { kept, chunk[2] })
  end
  return parts
end

--- A text as lines of chunks, in the file's own colours on `colour`, its `marked` words on `word_colour`.
---@param text string
---@param buffer integer Whose language and tabs it has.
---@param colour string
---@param marked table<integer, editsvc.Span[]>
---@param word_colour string
---@param columns? integer Longer lines are broken after so many.
---@return [string, string[]][][]
function M.lines(text, buffer, colour, marked, word_colour, columns)
  local groups = syntax(text, vim.bo[buffer].filetype) or {}
  local tab = (" "):rep(vim.bo[buffer].tabstop)
  local result = {}
  for index, line in ipairs(require("editsvc").lines(text)) do
    local row = index - 1
    local chunks = {} ---@type [string, string[]][]
    local function group_at(byte)
      local word = vim.iter(marked[row] or {}):any(function(span)
        return span.first <= byte and byte < span.last
      end)
      return (groups[row] or {})[byte] or "", word
    end
    local start, name, word = 0, group_at(0)
    for byte = 1, #line do
      local next_name, next_word = group_at(byte)
      if byte == #line or next_name ~= name or next_word ~= word then
        local shown = line:sub(start + 1, byte):gsub("\t", tab)
        local stack = name ~= "" and { colour, name } or { colour }
        if word then
          table.insert(stack, word_colour)
        end
        table.insert(chunks, { shown, stack })
        start, name, word = byte, next_name, next_word
      end
    end
    for _, part in ipairs(columns and broken(chunks, columns) or { chunks }) do
      local width = 0
      for _, chunk in ipairs(part) do
        width = width + vim.fn.strdisplaywidth(chunk[1])
      end
      table.insert(part, { (" "):rep(math.max(vim.o.columns - width, 0)), { colour } })
      table.insert(result, part)
    end
  end
  return result
end

return M

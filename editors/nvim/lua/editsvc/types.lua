---@meta editsvc.types
--- Generated from lsp/contract.py; change it there, then run: python docs/reference.py

--- How an edit that passed its checks is applied.
---@alias editsvc.ApplyMode
---| "review"
---| "apply"
---| "preview"

--- The user's setting for predictions.
---@alias editsvc.PredictionMode
---| "auto"
---| "on"
---| "off"

--- The state of a hunk.
---@alias editsvc.HunkStatus
---| "open"
---| "applied"
---| "proposed"
---| "edited"
---| "accepted"
---| "rejected"
---| "gone"
---| "survived"
---| "conflict"
---| "lost"

--- Whether a change was asked for; the values are what is logged.
---@alias editsvc.Mark
---| "explained"
---| "harmless"
---| "unexplained"
---| "unknown"

--- How a command ended.
---@alias editsvc.AnswerStatus
---| "running"
---| "changed"
---| "unchanged"
---| "refused"
---| "conflict"
---| "failed"
---| "cancelled"

--- The names of what can be rewritten from a place.
---@alias editsvc.ScopeName
---| "selection"
---| "symbol"
---| "parts"
---| "file"

--- What a client can offer as a button after an edit that was not made.
---@alias editsvc.RemedyKind
---| "set-key"
---| "retry"
---| "restart"
---| "anyway"
---| "show-reply"
---| "whole-file"
---| "change-instruction"
---| "open-setting"
---| "offline-help"
---| "show-log"

--- The kind of a scope; AUTO occurs only in requests.
---@alias editsvc.ScopeKind
---| "auto"
---| "file"
---| "lines"
---| "symbol"
---| "sections"

--- Why a scope was chosen.
---@alias editsvc.ScopeReason
---| "asked"
---| "cursor"
---| "small"
---| "unknown-place"
---| "located"
---| "widened"

--- The source of a prediction.
---@alias editsvc.PredictionKind
---| "file"
---| "scope"
---| "draft"

--- The reason for sending a prediction or not.
---@alias editsvc.Reason
---| "asked"
---| "predictable"
---| "pays"
---| "explored"
---| "held-out"
---| "does-not-pay"
---| "structured"
---| "declined"
---| "too-small"
---| "model-cannot"
---| "model-unknown"
---| "server-refused"
---| "server-ignores"
---| "too-many-rejected"
---| "no-text"

--- Why a request was sent: the first of its edit, again, elsewhere, for the rest of a reply, or to be faster.
---@alias editsvc.AttemptReason
---| "first"
---| "retry"
---| "fallback"
---| "resume"
---| "hedge"

--- The kinds of findings, each the name of a check, in the order in which a document meets them.
---@alias editsvc.Check
---| "frame"
---| "empty"
---| "prose"
---| "wrapping"
---| "place"
---| "doubling"
---| "retouched"
---| "entities"
---| "whitespace"
---| "elision"
---| "indentation"
---| "tail"
---| "shrink"
---| "loss"
---| "comments"
---| "order"
---| "other-text"
---| "undone"
---| "unasked"
---| "syntax"
---| "scope"
---| "invisible"
---| "secrets"
---| "lost-secret"
---| "identity"

--- What was done about a finding.
---@alias editsvc.Action
---| "restored"
---| "asked-again"
---| "refused"
---| "warned"

--- How the reply is asked for: as the new text, or as JSON with texts to search and what replaces them.
---@alias editsvc.EditFormat
---| "rewrite"
---| "search-replace"

--- Why the model was asked again for the same edit.
---@alias editsvc.Restart
---| "located"
---| "more-sections"
---| "next-part"
---| "context"
---| "too-long"
---| "whole-file"
---| "misfit"
---| "syntax"
---| "findings"
---| "search"
---| "prediction-unsupported"
---| "too-many-rejected"

--- How much of a text was parsed to check an edit.
---@alias editsvc.Extent
---| "whole"
---| "around-changes"
---| "unknown"

--- The commands of `workspace/executeCommand`.
---@alias editsvc.Command
---| "editsvc.edit"
---| "editsvc.acceptHunk"
---| "editsvc.rejectHunk"
---| "editsvc.acceptEdit"
---| "editsvc.rejectEdit"
---| "editsvc.rejectUnexplained"
---| "editsvc.cancel"
---| "editsvc.showDiff"
---| "editsvc.scopes"
---| "editsvc.report"

--- The object `initializationOptions` of `initialize`; unknown or malformed values are ignored.
---@class editsvc.InitializationOptions
---@field stream? boolean Send `editsvc/stream` while an edit streams.
---@field hunks? boolean Send `editsvc/hunks` when open hunks change or move.
---@field settings? table<string, any> The settings of the section `editsvc`, until others come.
---@field editsvc? table<string, any> The same, for editors that send their whole settings; `settings` comes first.
---@field token? string Over TCP and WebSocket: the token that the server printed.

--- The argument of `editsvc.edit`.
---@class editsvc.EditArgument
---@field uri string An open document; a notebook's cell is one too.
---@field instruction string What is to change.
---@field range? lsp.Range What is selected.
---@field scope? string `auto`, `file`, `symbol:NAME` or `lines:A-B`; other than `auto`, it counts more than `range`.
---@field mode? editsvc.ApplyMode `review` (if absent) leaves each hunk open, `apply` does not, `preview` changes nothing until it is accepted.
---@field prediction? editsvc.PredictionMode Whether to send the text as the predicted output; if absent, as the settings say.
---@field comment? lsp.Range The range of a comment that holds the instruction, and goes away with the edit.
---@field notify? boolean Set by code actions, whose result no editor shows: the command is answered at once (`running`), and the server tells the user how it ended.
---@field allowPath? boolean Edit the document although its file is one that is refused otherwise.
---@field allow? string[] Checks that this edit need not pass, besides those that the user's settings allow.
---@field onlyAsked? boolean Leave out the hunks that the instruction does not explain; if absent, as the settings say.
---@field retry? string The `editId` of an edit that a check refused: make that one, without asking the model again.

--- The argument of `editsvc.acceptHunk` and `editsvc.rejectHunk`.
---@class editsvc.HunkArgument
---@field editId string The edit.
---@field hunkId integer The hunk's `id`.
---@field notify? boolean As for `editsvc.edit`.

--- The argument of the commands about a whole edit.
---@class editsvc.EditIdArgument
---@field editId? string The edit; without it, the latest is meant.
---@field notify? boolean As for `editsvc.edit`.

--- The argument of `editsvc.scopes`.
---@class editsvc.ScopesArgument
---@field uri string An open document.
---@field range lsp.Range What is selected.
---@field cursor? lsp.Position Where the cursor is; if absent, at the start of `range`.

--- The argument of `editsvc.report`.
---@class editsvc.ReportArgument
---@field format? "html"|"json" Data, or a page.

--- A hunk of an edit.
---@class editsvc.Hunk
---@field id integer Its number in the edit, from 0.
---@field range lsp.Range Where it is now, or would go.
---@field state editsvc.HunkStatus Its state.
---@field oldText string What stood there before the edit.
---@field newText string What the edit wrote, or would write.
---@field mark editsvc.Mark Whether the instruction explains it; `unexplained`: it was not asked for.
---@field findings string[] Sentences about what checks found in its lines.

--- A hunk of a reply that is still being written.
---@class editsvc.StreamedHunk
---@field id integer Its number in the stream, from 0.
---@field range lsp.Range Whole lines of the document's `version`.
---@field newText string What it will write.
---@field state "streaming"

--- The answer to accepting and rejecting.
---@class editsvc.DecisionAnswer
---@field editId string The edit; empty if there is none.
---@field status editsvc.AnswerStatus How it ended.
---@field message string A sentence for the user; empty if there is nothing to say.
---@field hunks editsvc.Hunk[] All hunks of the edit.

--- The answer to `editsvc.cancel`.
---@class editsvc.CancelAnswer
---@field editId? string The edit; null if none was named and none runs.
---@field status editsvc.AnswerStatus `cancelled`, or `unchanged` if it was too late.
---@field message string A sentence for the user; empty if there is nothing to say.
---@field hunks editsvc.Hunk[] Always empty.

--- The answer to `editsvc.showDiff`.
---@class editsvc.DiffAnswer
---@field editId string The edit.
---@field status editsvc.AnswerStatus `changed`, or `unchanged` if there is nothing to show.
---@field message string A sentence for the user; empty if there is nothing to say.
---@field diff string What the editor was asked to show: the text as it is, and as it would be.

--- Something that can be rewritten from a place.
---@class editsvc.OfferedScope
---@field name editsvc.ScopeName What it is, and how `editsvc.edit` is asked for it.
---@field title string The words for it, such as `function fetch, lines 12 to 40`.
---@field range lsp.Range Its whole lines, to be shown.

--- The answer to `editsvc.scopes`.
---@class editsvc.ScopesAnswer
---@field scopes editsvc.OfferedScope[] The most likely first; at least one.

--- The answer to `editsvc.report` with the format `html`.
---@class editsvc.ReportPage
---@field html string The page.

--- The addition to the argument of a refused edit that, with the user's consent, lets it pass.
---@class editsvc.Anyway
---@field allow? string[] The checks to waive.
---@field allowPath? boolean True if it is the file that is refused.
---@field retry? string The edit, if it can be made without asking the model again.

--- Something that the user can do about an edit that was not made.
---@class editsvc.OfferedRemedy
---@field kind editsvc.RemedyKind What it is.
---@field title string The words for a button.
---@field setting? string A setting of the section `editsvc`.

--- The rewritten or offered scope; lines are 1-based and inclusive.
---@class editsvc.RewrittenScope
---@field kind editsvc.ScopeKind What it is made of.
---@field start_line integer The first line.
---@field end_line integer The last line.
---@field reason editsvc.ScopeReason Why it was chosen.
---@field parts_offered? integer How many parts the model could rewrite.
---@field parts_rewritten? integer How many it did rewrite.

--- Whether a predicted output was sent.
---@class editsvc.PredictionUse
---@field sent boolean Whether it was.
---@field kind? editsvc.PredictionKind What it was made from.
---@field reason? editsvc.Reason Why it was sent, or not.

--- The server's token counts.
---@class editsvc.TokenUsage
---@field prompt_tokens? integer Of the request.
---@field cached_tokens? integer Of these, read from the prompt cache.
---@field completion_tokens? integer Of the reply.
---@field reasoning_tokens? integer Of these, spent on reasoning.
---@field accepted_prediction_tokens? integer Predicted, and in the reply.
---@field rejected_prediction_tokens? integer Predicted, not in the reply, and billed.

--- Seconds by this machine's clock.
---@class editsvc.EditTiming
---@field ttft_s? number Until the first piece of the reply.
---@field total_s? number Until the end of the reply.
---@field tokens_per_s? number Tokens received per second, waiting included.

--- One HTTP request of an edit.
---@class editsvc.EditAttempt
---@field provider string The server that it went to.
---@field model string The model that was asked.
---@field why editsvc.AttemptReason Why it was sent.
---@field predicted boolean Whether a prediction went along.
---@field outcome string The finish reason, the kind of an error, or `cancelled`.
---@field received integer Characters of the reply.
---@field waited_s number Seconds that it was held back.
---@field total_s number Seconds that it then took.
---@field drafted_tokens? integer What the server says it proposed to itself, to be faster.
---@field accepted_draft_tokens? integer Of these, those that stood.

--- The figures of an edit in words, the same that every front end shows.
---@class editsvc.ShownFigures
---@field tokens? string Of the reply.
---@field acceptance? string The share of the prediction that was accepted.
---@field total? string The time that it took.
---@field cost? string In dollars.
---@field policy? string That `editsvc tune` would decide otherwise by now; null if it would not.

--- Something that a check of the reply found, and what was done about it; lines are 1-based and inclusive.
---@class editsvc.EditFinding
---@field kind editsvc.Check The check.
---@field message string A sentence for the user.
---@field before? integer[] First and last line of the old text that it concerns.
---@field after? integer[] First and last line of the new text that it concerns.
---@field action editsvc.Action `restored`, `asked-again`, `refused` or `warned`: what was done about it.

--- The metadata of an edit's requests, under the same names as in `editsvc rewrite --json`.
---@class editsvc.ResultFields
---@field scope? editsvc.RewrittenScope What was rewritten.
---@field edit_format? editsvc.EditFormat The form in which the reply was asked for.
---@field restarts editsvc.Restart[] Why the model was asked again, in order.
---@field findings editsvc.EditFinding[] What the checks found in the replies, in order.
---@field marks editsvc.Mark[] Whether the instruction explains each hunk, in order; empty if that was not asked.
---@field syntax_check? editsvc.Extent How much of the new text was parsed.
---@field provider? string The server that answered.
---@field model? string The model that answered.
---@field arm? string The named arm that was drawn, if one was.
---@field request_id? string The server's name for the request.
---@field finish_reason? string Why the reply ended.
---@field prediction editsvc.PredictionUse Whether a predicted output was sent.
---@field usage editsvc.TokenUsage The server's token counts.
---@field timing editsvc.EditTiming Seconds.
---@field attempts editsvc.EditAttempt[] The HTTP requests, in the order they ended.
---@field cost_usd? number Dollars, if the prices are known.
---@field warnings string[] Sentences for the user's log.
---@field offline? boolean Whether the offline engine made the edit.

--- The answer to `editsvc.edit`.
---@class editsvc.EditAnswer: editsvc.ResultFields
---@field editId string The edit; its record's `id` in the log.
---@field status editsvc.AnswerStatus How it ended.
---@field message string A sentence for the user; empty if there is nothing to say.
---@field diff string The edit as it was proposed, for `git apply` in the folder that the editor has open.
---@field hunks editsvc.Hunk[] The hunks, wherever they are.
---@field refusedDiff string What a check refused, as a diff for the user to see; empty if none did.
---@field error? string The kind of what ended the edit.
---@field anyway? editsvc.Anyway What to add to the argument to have a refused edit made all the same. Only the user may say so, each time: no setting of a workspace, preset or instruction in a comment can.
---@field remedies editsvc.OfferedRemedy[] What the user can do if the edit was not made, the best first: a button for each, beside the message; empty if it was made, or cancelled.
---@field shown editsvc.ShownFigures The figures in words: a client need not work them out, and round otherwise.

--- The parameters of `editsvc/stream`: hunks that became certain since the previous message.
---@class editsvc.StreamParams
---@field editId string The edit.
---@field uri string The document.
---@field version integer The document's version that the edit is made on.
---@field seq integer Counts up; 0 starts over, and what was sent before is void.
---@field hunks editsvc.StreamedHunk[] A hunk never changes once it was sent.
---@field reached integer Lines that are done.
---@field total integer Lines in all.

--- The parameters of `editsvc/hunks`: an edit in review, as it is now.
---@class editsvc.HunksParams
---@field editId string The edit.
---@field uri string The document.
---@field version integer The document's version that the ranges are for.
---@field hunks editsvc.Hunk[] All hunks of the edit.

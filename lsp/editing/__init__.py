"""An edit in an editor: run, applied to the buffer, reviewed hunk by hunk."""

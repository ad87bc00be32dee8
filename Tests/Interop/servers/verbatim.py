# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""A stdio server that shows bytes: it answers every request with the very line that it was sent, in JSON of odd
spelling, which no JSON library would write. For the promises about transparency (R12, R22, R23, R26)."""

import json
import re
import sys

# Exponents, huge integers, escapes that need none, odd white space and unsorted keys: all are legal JSON.
ODD = r'{ "z":1.50E+3,"a":123456789012345678901234567890,"s":"\/\u00e9\u2028","e":{},"n":-0.0,"k":[ ] }'


def main() -> None:
    for line in sys.stdin.buffer:
        text = line.decode("utf-8").rstrip("\n")
        request = json.loads(text)
        if "id" not in request or "method" not in request:
            continue
        # The id as the client spelled it; the interop tests put it first.
        spelled = re.match(r'\{\s*"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)', text)
        assert spelled, text
        line_seen = json.dumps(text, ensure_ascii=False)
        answer = f'{{"result":{{"odd":{ODD},"line":{line_seen}}},  "id":{spelled[1]},"jsonrpc":"2.0"}}'
        sys.stdout.buffer.write(answer.encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

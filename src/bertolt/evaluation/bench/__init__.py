"""Speed on this machine, beside peers: processes that speak one protocol, in interleaved rounds."""

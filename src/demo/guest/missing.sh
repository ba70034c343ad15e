#!/bin/sh
# A guest of the demo has neither python3 nor perl, whatever the machine has that it runs on.
exit 127

"""`python -m sync.courier`: run the courier of this box."""

import sys

from sync.courier.process import main

sys.exit(main())

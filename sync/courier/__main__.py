"""`python -m sync.courier`: run the courier of this box."""

from sync.courier.process import main

main()

"""`python -m sync.courier`: run the courier of this box."""

from sync.courier.courier import main

main()

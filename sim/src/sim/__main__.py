"""`python -m sim` lives a day in the centre."""

import sys

from sim.main import main

sys.exit(main())

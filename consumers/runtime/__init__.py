"""The key-ordered, concurrent consumer that every handler runs on.

What happens to an event, and where a crash may fall:

1. polled, in memory only: read again after a crash;
2. handed over: the handler converges state, so doing it again is harmless;
3. settled: outcome rows, parked rows and removals in one transaction; a dead letter is on its topic before that;
4. done: its offset joins the contiguous done prefix of its partition, under the epoch it was read in;
5. committed: the prefix is stored every second and when a partition leaves. Between 3 and 5 a crash repeats the
   event; freshness makes that cost no call.
"""

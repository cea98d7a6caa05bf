// Daemons, traffic and lists of 100,000 entries would starve each other of two cores, and exact counts with them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

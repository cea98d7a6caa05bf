[assembly: TestFramework("ControlPlane.TestCommon.LeakCheck", "ControlPlane.TestCommon")]

// One test at a time: daemons, traffic and lists of 100,000 entries beside each other would take the CPU from each other and lose frames.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

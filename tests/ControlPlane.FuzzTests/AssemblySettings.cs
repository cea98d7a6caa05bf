[assembly: TestFramework("ControlPlane.TestCommon.LeakCheck", "ControlPlane.TestCommon")]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

[assembly: TestFramework("ControlPlane.TestCommon.LeakCheck", "ControlPlane.TestCommon")]

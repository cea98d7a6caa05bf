namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>What the testbed does in the middle of a scenario.</summary>
public enum ScenarioEvent
{
    Nothing,

    /// <summary><c>veth-b</c> is removed from the host; the kernel drops its entries.</summary>
    VethBRemoved,

    /// <summary><c>late0</c> appears, with the next index, 11.</summary>
    Late0Added,

    /// <summary>Somebody removes the element of the kernel key 2, which is veth-a, from the map of the devmap default, and adds one of the key 99.</summary>
    MapChangedByHand,

    /// <summary>The kernel drops 3 frames that default redirected by the kernel key 2, which is veth-a: their target is down.</summary>
    FramesDropped,

    /// <summary>The writer has been told to stop.</summary>
    DaemonStopping,
}

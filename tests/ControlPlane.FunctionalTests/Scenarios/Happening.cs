namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>What the world does in the middle of a scenario.</summary>
public enum Happening
{
    Nothing,

    /// <summary><c>veth-b</c> is removed from the host; the kernel drops its entries.</summary>
    VethBVanishes,

    /// <summary><c>late0</c> appears, with the next index, 11.</summary>
    Late0Appears,

    /// <summary>The writer has been told to stop.</summary>
    DaemonStops,
}

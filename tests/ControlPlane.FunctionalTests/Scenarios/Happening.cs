namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>What the world does in the middle of a scenario.</summary>
public enum Happening
{
    Nothing,

    /// <summary><c>veth-b</c> is removed from the host; the kernel drops its entries.</summary>
    VethBVanishes,

    /// <summary>The writer has been told to stop.</summary>
    DaemonStops,
}

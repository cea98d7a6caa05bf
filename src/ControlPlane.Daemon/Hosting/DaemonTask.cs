namespace ControlPlane.Daemon.Hosting;

/// <summary>What a call of the program is to do.</summary>
internal enum DaemonTask
{
    /// <summary>Run until asked to stop.</summary>
    Serve,

    /// <summary>Check the store and tell what it has.</summary>
    CheckStore,

    /// <summary>Take everything out of the kernel; the store stays.</summary>
    Teardown,

    /// <summary>Take everything out of the kernel, and remove the store.</summary>
    TeardownWithStore,
}

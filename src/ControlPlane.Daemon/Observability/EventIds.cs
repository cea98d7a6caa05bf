namespace ControlPlane.Daemon.Observability;

/// <summary>
/// The event ids of the log: a block per area, an id never reused. Core and the kernel layer log under ids of their
/// own blocks: core 1000-1999, kernel 4000-4999.
/// </summary>
internal static class EventIds
{
    // 2000-2099: the host's life.
    public const int Starting = 2000;
    public const int Simulated = 2001;
    public const int Listening = 2002;
    public const int Ready = 2003;
    public const int Stopping = 2004;
    public const int Stopped = 2005;

    // 2100-2199: requests.
    public const int RequestDone = 2100;
    public const int RequestFailed = 2101;
    public const int RequestFromElsewhere = 2102;

    // 2200-2299: REST. 2300-2399: gRPC.
}

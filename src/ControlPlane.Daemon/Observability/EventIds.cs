namespace ControlPlane.Daemon.Observability;

/// <summary>
/// The event ids of the log: a block per area, an id never reused. Core and the kernel layer log under ids of their
/// own blocks: core 1000-1999, kernel 2000-2999.
/// </summary>
internal static class EventIds
{
    // 5000-5099: the host's life.
    public const int Starting = 5000;
    public const int Simulated = 5001;
    public const int Listening = 5002;
    public const int Ready = 5003;
    public const int Stopping = 5004;
    public const int Stopped = 5005;

    // 5100-5199: requests.
    public const int RequestDone = 5100; // 5101 was used until LocalOnly's refusals were logged by the API

    // 3000-3999: gRPC. 4000-4999: REST.
}

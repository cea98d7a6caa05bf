namespace ControlPlane.Daemon.Observability;

/// <summary>
/// The event ids of the log: a block of a hundred per area, an id never reused. Blocks of the other projects, whose
/// logs carry their ids themselves: core 3000-3999, kernel 4000-4999.
/// </summary>
internal static class EventIds
{
    // 1000-1099: the host's life.
    public const int Starting = 1000;
    public const int Simulated = 1001;
    public const int Listening = 1002;
    public const int Ready = 1003;
    public const int Stopping = 1004;
    public const int Stopped = 1005;
    public const int WriterDied = 1006;

    // 1100-1199: requests.
    public const int RequestDone = 1100;
    public const int RequestFailed = 1101;
    public const int RequestFromElsewhere = 1102;

    // 1200-1299: REST. 1300-1399: gRPC.
}

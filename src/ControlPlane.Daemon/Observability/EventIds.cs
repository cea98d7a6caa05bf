namespace ControlPlane.Daemon.Observability;

/// <summary>
/// The event ids of the daemon's log: one block per area; an id is never reused. The other layers have blocks of their own: core
/// 1000-1999, kernel 2000-2999, gRPC 3000-3999, REST 4000-4999.
/// </summary>
internal static class EventIds
{
    // 5000-5099: start and end of the daemon.
    public const int Starting = 5000;
    public const int Simulated = 5001;
    public const int Listening = 5002;
    public const int Ready = 5003;
    public const int Stopping = 5004;
    public const int Stopped = 5005;
    public const int HostCondition = 5006;
    public const int StoppedWithoutPins = 5007;
    public const int SimulationStopped = 5008;
    public const int PartFails = 5009;
    public const int PartWorks = 5010;
    public const int PinsNotRestored = 5011;
    public const int NotAccepted = 5012;
    public const int Reloaded = 5020;
    public const int NeedsRestart = 5021;
    public const int ReloadRefused = 5022;

    // 5300-5399: table files.
    public const int FilePlanned = 5300;
    public const int FileNotApplied = 5301;

    // 5200-5299: access.
    public const int CertificateLoaded = 5200;
    public const int CertificateNotLoaded = 5201;

    // 5100-5199: requests.
    public const int RequestDone = 5100; // 5101 is used up: a request from elsewhere
}

namespace ControlPlane.Bench.Harness;

/// <summary>The units of times.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="Ns">Nanoseconds in one.</param>
internal sealed record TimeUnit(string Name, double Ns)
{
    public static TimeUnit Nanoseconds { get; } = new("ns", 1);

    public static TimeUnit Microseconds { get; } = new("us", 1e3);

    public static TimeUnit Milliseconds { get; } = new("ms", 1e6);
}

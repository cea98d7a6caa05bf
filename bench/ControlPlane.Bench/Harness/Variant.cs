namespace ControlPlane.Bench.Harness;

/// <summary>One way of doing what a benchmark measures.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="Run">Does it once; gives a time for each metric, in nanoseconds.</param>
internal sealed record Variant(string Name, Func<Task<Metrics>> Run);

namespace ControlPlane.Bench.Harness;

/// <summary>One thing that is measured, beside its baseline.</summary>
internal interface IBenchmark
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>The thing measured, in a line.</summary>
    string Title { get; }

    /// <summary>Measures it.</summary>
    Task<IReadOnlyList<Table>> RunAsync();
}

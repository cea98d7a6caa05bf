using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>A devmap with so many entries that work on all of them takes several slices, on a kernel that can be held.</summary>
public abstract class ManyEntries : IDisposable
{
    protected const int Many = 1000;

    /// <summary>The entries of one step.</summary>
    protected const int Step = 256;

    private protected static DevmapRecord Table { get; } = new("table", new DevmapSpec(4096, KeySelector: KeySelector.Ipv4Destination));

    private protected KernelGate Gate { get; } = new();

    private protected SimulatedHost Host { get; } = SimulatedHost.WithInterfaces();

    private protected MemoryStore Store { get; } = new();

    public void Dispose()
    {
        Gate.Dispose();
        Store.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static string Key(int number) => $"10.0.{number / 256}.{number % 256}";

    private protected static List<Entry> Entries(CoreFixture core) => [.. core.List("table", new EntryQuery { Interface = "sim1", PageSize = 10_000 }).Entries];

    private protected Action<int> HoldAt(int update) => n =>
    {
        if (n == update)
            Gate.Close();
    };
}

using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Drops;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Bench.Harness;

/// <summary>The drop counters of a kernel layer, attached for as long as this object lives.</summary>
internal sealed class DropCounting : IAsyncDisposable
{
    private static readonly TimeSpan s_settling = TimeSpan.FromMilliseconds(100);
    private readonly DropPins _pins;

    private DropCounting(DropPins pins) => _pins = pins;

    /// <summary>Attaches them and has a devmap counted.</summary>
    public static DropCounting Start(PinRoot root, IDevmap devmap)
    {
        var pins = DropPins.Of(root.Path);
        DropPrograms.Create(pins, DropPrograms.Config());
        using var maps = new DropMaps(pins);
        maps.Add(devmap.MapId);
        return new DropCounting(pins);
    }

    /// <summary>Detaches what the kernel layer has attached at its start.</summary>
    public static ValueTask StopAsync(PinRoot root) => new DropCounting(DropPins.Of(root.Path)).DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(_pins.Folder, recursive: true);
        // The kernel takes links down in the background.
        await Task.Delay(s_settling);
    }
}

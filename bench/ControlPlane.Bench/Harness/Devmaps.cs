using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel;
using ControlPlane.Kernel.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Harness;

/// <summary>Devmaps on the real kernel, without a writer's thread around them.</summary>
internal static class Devmaps
{
    /// <summary>The devmap that the daemons of the benchmarks have.</summary>
    public static DevmapRecord Default { get; } = new("default", new DevmapSpec(131_072, KeySelector: KeySelector.Ipv4Destination));

    /// <summary>The kernel layer as the daemon has it, logging nothing.</summary>
    public static ServiceProvider OpenKernel(PinRoot pins) =>
        new ServiceCollection().AddLogging().AddKernel(new KernelOptions { PinRoot = pins.Path }).BuildServiceProvider();

    /// <summary>Makes the default devmap with entries 10.0.0.0 and following, and leaves it pinned.</summary>
    public static void Fill(PinRoot pins, int entries)
    {
        using var services = OpenKernel(pins);
        var kernel = services.GetRequiredService<IKernel>();
        var scope = new WriterScope(granted: true);
        using var devmap = kernel.OpenDevmap(scope, Default);
        var ifindex = Veth.Ifindex(kernel);
        for (var i = 0u; i < entries; i++)
            devmap.Update(scope, Key(i), ifindex, null);
    }

    /// <summary>The kernel key of the entry of this number.</summary>
    public static uint Key(uint number) => (10u << 24) + number;

    /// <summary>The same in its text form.</summary>
    public static string KeyText(int number) => $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}";
}

using System.Collections.Concurrent;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Programs;

/// <summary>The egress programs in the kernel. Each is its own BPF object, pinned with its config and counters.</summary>
internal sealed class LibbpfEgressPrograms(string pinRoot, ILogger logger) : IEgressPrograms, IDisposable
{
    /// <summary>Only the writer's thread changes it. Any thread reads counters.</summary>
    private readonly ConcurrentDictionary<string, (FileDescriptor Program, FileDescriptor Counters, FileDescriptor Config)> _open = new(StringComparer.Ordinal);

    public IReadOnlyList<LoadedProgram> Adopt(WriterScope scope)
    {
        scope.Demand();
        var adopted = new List<LoadedProgram>();
        foreach (var folder in Directory.GetDirectories(EgressProgramPins.Parent(pinRoot)).Order(StringComparer.Ordinal))
        {
            var name = PinName.Decode(Path.GetFileName(folder));
            var program = Open(name, new EgressProgramPins(folder));
            KernelLog.ProgramAdopted(logger, name, program.ProgramId);
            adopted.Add(program);
        }

        return adopted;
    }

    public LoadedProgram Load(WriterScope scope, string name, EgressProgramConfig spec)
    {
        scope.Demand();
        var pins = EgressProgramPins.Of(pinRoot, name);
        var function = spec.Template.KernelProgram;
        using var obj = BpfObject.OpenEmbedded("egress.bpf.o");
        obj.SetConfig(EgressConfig.Of(spec));
        obj.Load(function);

        using var config = obj.OpenMap(".rodata");
        using var counters = obj.OpenMap("counters");
        using var program = obj.OpenProgram(function);
        PinFolder.Publish(pins.Folder, folder =>
        {
            var staged = new EgressProgramPins(folder);
            Pin.Make(config, staged.Config);
            Pin.Make(counters, staged.Counters);
            Pin.Make(program, staged.Program);
        });
        var loaded = Open(name, pins);
        KernelLog.ProgramLoaded(logger, name, loaded.ProgramId);
        return loaded;
    }

    public bool Unload(WriterScope scope, string name)
    {
        scope.Demand();
        Close(name);
        return PinFolder.Remove(EgressProgramPins.Of(pinRoot, name).Folder);
    }

    public EntryCounters ReadCounters(string name)
    {
        if (!_open.TryGetValue(name, out var program))
            return default;
        try
        {
            var sum = PerCpuCounter.Sum(program.Counters, 0, $"counters of egress program {name}");
            return new EntryCounters(sum.packets, sum.bytes);
        }
        catch (ObjectDisposedException)
        {
            // Unloaded a moment ago.
            return default;
        }
    }

    public EgressVerdict DryRun(EgressProgramConfig spec, ReadOnlyMemory<byte> frame) => EgressDryRun.Run(spec, frame);

    /// <summary>Returns the descriptor of a program, or null if there is no such program. It is lent until the writer's next command.</summary>
    public FileDescriptor? Find(string name) => _open.TryGetValue(name, out var program) ? program.Program : null;

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<HeldPin> Held => _open.SelectMany(p =>
    {
        var pins = EgressProgramPins.Of(pinRoot, p.Key);
        return new HeldPin[]
        {
            new(pins.Folder, pins.Config, p.Value.Config), new(pins.Folder, pins.Counters, p.Value.Counters), new(pins.Folder, pins.Program, p.Value.Program),
        };
    });

    public void Dispose()
    {
        foreach (var name in _open.Keys)
            Close(name);
    }

    private LoadedProgram Open(string name, EgressProgramPins pins)
    {
        // The config comes first: it tells whether the other pins are ours.
        var config = Pin.ReadConfig<devmapd_egress_config>(pins.Config, devmapd_kind.Egress);
        var program = Pin.OpenProgram(pins.Program);
        try
        {
            var counters = Pin.OpenMap(pins.Counters, BpfConstants.BPF_F_RDONLY);
            try
            {
                Check(pins, program, counters);
                Close(name);
                _open[name] = (program, counters, Pin.OpenMap(pins.Config, BpfConstants.BPF_F_RDONLY));
                return new LoadedProgram(name, EgressConfig.SpecOf(config, pins.Config), BpfInfo.OfProgram(program).id);
            }
            catch
            {
                counters.Dispose();
                throw;
            }
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    private static void Check(EgressProgramPins pins, FileDescriptor program, FileDescriptor counters)
    {
        if (BpfInfo.OfProgram(program).type != BpfConstants.BPF_PROG_TYPE_XDP)
            throw Pin.Foreign(pins.Program, "it is not an XDP program");
        var info = BpfInfo.OfMap(counters);
        if (info.type != BpfConstants.BPF_MAP_TYPE_PERCPU_ARRAY || !BpfInfo.MapsOf(program).Contains(info.id))
            throw Pin.Foreign(pins.Counters, "the program does not count there");
    }

    private void Close(string name)
    {
        if (!_open.TryRemove(name, out var program))
            return;
        program.Program.Dispose();
        program.Counters.Dispose();
        program.Config.Dispose();
    }
}

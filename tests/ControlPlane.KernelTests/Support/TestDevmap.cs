using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Support;

/// <summary>A devmap of the testbed, written from inside its namespace; disposing takes it out of the kernel.</summary>
public sealed class TestDevmap : IDisposable
{
    private readonly FrameTestbed _testbed;
    private readonly HashSet<string> _programs = [];
    private IDevmap _devmap;
    private bool _isOpen = true;

    internal TestDevmap(FrameTestbed testbed, DevmapRecord definition)
    {
        _testbed = testbed;
        _devmap = Open(definition);
    }

    public IDevmap Kernel => _devmap;

    private static WriterScope Scope => KernelTestbed.Scope;

    public void Update(uint key, uint ifindex, string? program = null, EntryActions? actions = null) =>
        _testbed.Space.Run(() => _devmap.Update(Scope, key, ifindex, program, actions: actions));

    public void Update(IEnumerable<uint> keys, uint ifindex) => _testbed.Space.Run(() =>
    {
        foreach (var key in keys)
            _devmap.Update(Scope, key, ifindex, null);
    });

    public bool Delete(uint key) => _testbed.Space.Run(() => _devmap.Delete(Scope, key));

    public LoadedProgram Load(string name, EgressProgramConfig spec)
    {
        _programs.Add(name);
        return _testbed.Space.Run(() => _testbed.Kernel.Programs.Load(Scope, name, spec));
    }

    public DevmapLink Attach(TestInterface ingress, AttachMode mode) => Attach(ingress.Pair, mode);

    /// <summary>Attaches the devmap to an interface. The test is skipped if the kernel lacks the mode.</summary>
    public DevmapLink Attach(VethPair ingress, AttachMode mode) => Attach(ingress.Name, mode);

    /// <inheritdoc cref="Attach(VethPair, AttachMode)"/>
    public DevmapLink Attach(string ingress, AttachMode mode)
    {
        KernelNeeds.Mode(mode);
        return _testbed.Space.Run(() => _devmap.Attach(Scope, _testbed.Kernel.Interfaces.Query(ingress)!, mode));
    }

    public bool Detach(TestInterface ingress) => _testbed.Space.Run(() => _devmap.Detach(Scope, ingress.Pair.Name));

    /// <summary>Gives the devmap other settings while it is open.</summary>
    public void Change(Func<DevmapSpec, DevmapSpec> change)
    {
        var (before, definition) = (_devmap, _devmap.Definition with { Spec = change(_devmap.Definition.Spec) });
        _devmap = _testbed.Space.Run(() => _testbed.Kernel.ChangeDevmap(Scope, before, definition));
        before.Dispose();
    }

    public void Count(uint key) => _testbed.Space.Run(() => _devmap.Count(Scope, key));

    /// <summary>The daemon stops and starts; the devmap is adopted.</summary>
    /// <param name="meanwhile">The changes made while no daemon runs.</param>
    /// <param name="definition">Its settings from then on; the same unless given.</param>
    /// <param name="startNow">Whether the daemon starts; if not, <see cref="Start"/> does that.</param>
    public void Restart(Action? meanwhile = null, DevmapRecord? definition = null, bool startNow = true)
    {
        definition ??= _devmap.Definition;
        _isOpen = false;
        _devmap.Dispose();
        _testbed.Restart(meanwhile);
        if (startNow)
            Start(definition);
    }

    /// <summary>The daemon starts; the devmap is adopted.</summary>
    public void Start(DevmapRecord? definition = null)
    {
        _devmap = Open(definition ?? _devmap.Definition);
        _isOpen = true;
    }

    public void Dispose()
    {
        if (_isOpen)
        {
            foreach (var link in _devmap.Links)
                _testbed.Space.Run(() => _devmap.Detach(Scope, link.Interface));
            _devmap.Dispose();
            Directory.Delete(_testbed.PinFolder(_devmap.Definition.Name), recursive: true);
        }

        foreach (var program in _programs)
            _testbed.Space.Run(() => _testbed.Kernel.Programs.Unload(Scope, program));
    }

    private IDevmap Open(DevmapRecord definition)
    {
        try
        {
            return _testbed.Space.Run(() => _testbed.Kernel.OpenDevmap(Scope, definition));
        }
        catch
        {
            // The pins hold links, and would make the next test fail as well.
            if (Directory.Exists(_testbed.PinFolder(definition.Name)))
                Directory.Delete(_testbed.PinFolder(definition.Name), recursive: true);
            throw;
        }
    }
}

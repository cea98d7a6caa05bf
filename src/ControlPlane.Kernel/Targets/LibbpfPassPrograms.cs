using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Targets;

/// <summary>
/// The pass program in the kernel: one program, loaded and pinned with the first attachment, and one link per interface. The
/// program passes frames in every build, so a pinned program is kept.
/// </summary>
internal sealed class LibbpfPassPrograms(string pinRoot, IInterfaces interfaces, ILogger logger) : IPassPrograms, IDisposable
{
    /// <summary>The first one that loads is used: frags programs need 5.18.</summary>
    private static readonly string[] s_programs = ["devmapd_pass", "devmapd_pass_old"];

    private readonly PassProgramPins _pins = PassProgramPins.Of(pinRoot);
    private readonly XdpLinks _links = new(PassProgramPins.Of(pinRoot).Links, "pass program", interfaces);
    private FileDescriptor? _program;
    private FileDescriptor? _config;
    private uint _programId;

    public IReadOnlyList<PassProgram> Attached => [.. _links.All.Select(Describe)];

    public IReadOnlyList<PassProgram> Adopt(WriterScope scope)
    {
        scope.Demand();
        if (Directory.Exists(_pins.Folder))
        {
            OpenPinned();
            _links.Adopt([_programId]);
            KernelLog.PassAdopted(logger, _programId, Attached.Count);
        }

        return Attached;
    }

    public PassProgram? Find(string interfaceName) => _links.Find(interfaceName) is { } link ? Describe(link) : null;

    public PassProgram Attach(WriterScope scope, InterfaceInfo device)
    {
        scope.Demand();
        if (_program is null)
        {
            Create();
            OpenPinned();
        }

        var attached = Describe(_links.Attach(_program!, device, AttachMode.Native));
        KernelLog.PassAttached(logger, attached.Interface, attached.LinkId);
        return attached;
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        if (!_links.Detach(interfaceName))
            return false;
        KernelLog.PassDetached(logger, interfaceName);
        return true;
    }

    /// <summary>Closes descriptors. The program and its links stay.</summary>
    public void Dispose()
    {
        _links.Dispose();
        _program?.Dispose();
        _config?.Dispose();
    }

    /// <summary>The objects with their pins; none before the first attachment.</summary>
    public IEnumerable<HeldPin> Held => _program is null
        ? []
        : [new(_pins.Folder, _pins.Config, _config), new(_pins.Folder, _pins.Program, _program), .. _links.Held(_pins.Folder)];

    private PassProgram Describe(DevmapLink link) => new(link.Interface, link.Ifindex, link.LinkId, _programId);

    private void OpenPinned()
    {
        Pin.RequireMark(_pins.Config, devmapd_kind.Pass);
        _config = Pin.OpenMap(_pins.Config, BpfConstants.BPF_F_RDONLY);
        _program = Pin.OpenProgram(_pins.Program);
        var info = BpfInfo.OfProgram(_program);
        if (info.type != BpfConstants.BPF_PROG_TYPE_XDP)
            throw Pin.Foreign(_pins.Program, "it is not an XDP program");
        _programId = info.id;
    }

    private void Create()
    {
        try
        {
            Create(s_programs[0]);
        }
        catch (KernelException refused) when (refused.Errno == Errno.EINVAL)
        {
            Create(s_programs[1]);
        }
    }

    private void Create(string name)
    {
        using var obj = BpfObject.OpenEmbedded("pass.bpf.o");
        obj.SetConfig(new devmapd_pass_config
        {
            magic = DevmapdConstants.DEVMAPD_MAGIC,
            version = DevmapdConstants.DEVMAPD_VERSION,
            kind = devmapd_kind.Pass,
        });
        obj.Load(name);
        using var config = obj.OpenMap(".rodata");
        using var program = obj.OpenProgram(name);
        PinFolder.Publish(_pins.Folder, folder =>
        {
            var staged = new PassProgramPins(folder);
            Pin.Make(config, staged.Config);
            Pin.Make(program, staged.Program);
            PinFolder.Create(staged.Links);
        });
    }
}

using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Programs;

/// <summary>
/// Runs a template on a frame without sending it. The kernel refuses to run a program that is made for a devmap (EINVAL), so a
/// twin is loaded as a plain XDP program with its own counters. No template depends on the difference.
/// </summary>
internal static class EgressDryRun
{
    /// <summary>Runs the template on the frame.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static EgressVerdict Run(EgressProgramConfig spec, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        var function = spec.Template.KernelProgram;
        using var obj = BpfObject.OpenEmbedded("egress.bpf.o");
        obj.SetConfig(EgressConfig.Of(spec));
        obj.SetExpectedAttachType(function, BpfConstants.BPF_XDP);
        obj.Load(function);
        using var twin = obj.OpenProgram(function);
        var (result, changed) = FrameRun.Run(twin, function, frame);
        var action = (XdpAction)result;
        return new EgressVerdict(action, action == XdpAction.Pass ? changed : default);
    }
}

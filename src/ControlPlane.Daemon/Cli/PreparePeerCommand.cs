using System.CommandLine;
using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Kernel.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// <c>devmapd prepare-peer</c>: sets up the peer of a veth, inside the peer's network namespace. For authors of CNI plugins; it neither
/// reads the configuration nor talks to a daemon.
/// </summary>
internal sealed class PreparePeerCommand : DaemonCommand
{
    private readonly Option<string> _interface = new("--interface")
    {
        Description = "The peer, by its name in this network namespace.", HelpName = "NAME", Required = true,
    };

    private readonly Option<AttachMode> _mode = new("--mode")
    {
        Description = "The mode of the attachments: native (default), generic, tcx or auto.", HelpName = "MODE",
    };

    private readonly Option<bool> _checksums = new("--complete-checksums")
    {
        Description = "In native mode, the peer also completes its checksums itself, for protocols that devmapd does not complete.",
    };

    public PreparePeerCommand() : base("prepare-peer", "Sets up the peer of a veth, inside the peer's network namespace.")
    {
        Add(_interface);
        Add(_mode);
        Add(_checksums);
    }

    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call)
    {
        var name = call.Options.GetValue(_interface)!;
        if (!InterfaceName.IsValid(name) || Encoding.UTF8.GetByteCount(name) > InterfaceName.MaxBytes)
            throw new StartRefusedException(ExitCodes.Usage, $"'{name}' is not the name of an interface.");
        try
        {
            using var peer = new PeerPreparation(name);
            foreach (var line in peer.Apply(call.Options.GetValue(_mode), call.Options.GetValue(_checksums)))
                Console.Out.WriteLine(line);
            return Task.FromResult(ExitCodes.Ok);
        }
        catch (KernelException e) when (e.Errno == Errno.ENODEV)
        {
            throw new StartRefusedException(ExitCodes.Unavailable,
                $"There is no interface '{name}' in this network namespace.", "Run the command inside the peer's: ip netns exec NAME devmapd prepare-peer ...");
        }
        catch (KernelException e) when (e.Errno == Errno.EPERM)
        {
            throw new StartRefusedException(ExitCodes.NoPermission, $"Not privileged to change '{name}': CAP_NET_ADMIN is needed in this network namespace.");
        }
    }
}

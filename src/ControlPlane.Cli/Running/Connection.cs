using System.Security.Cryptography.X509Certificates;
using ControlPlane.Client;

namespace ControlPlane.Cli.Running;

/// <summary>Finds the daemon that a command talks to: by option, environment, context, or the sockets of this host.</summary>
internal static class Connection
{
    /// <summary>Returns the context of a call.</summary>
    /// <exception cref="CommandFailedException">There is no context of the name.</exception>
    public static Context Find(string? name, string? address)
    {
        address ??= Environment.GetEnvironmentVariable("DEVMAPCTL_ADDRESS") is { Length: > 0 } given ? given : null;
        if (address is not null && name is null)
            return new Context(address);
        name ??= Environment.GetEnvironmentVariable("DEVMAPCTL_CONTEXT") is { Length: > 0 } asked ? asked : null;
        var file = ContextFile.Load();
        if ((name ?? file.Current) is not { } chosen)
            return new Context(LocalAddress());
        var context = file.Contexts.GetValueOrDefault(chosen)
            ?? throw CommandFailedException.Usage($"There is no context '{chosen}' in {file.Path}. 'devmapctl context list' shows them.");
        return address is null ? context : context with { Address = address };
    }

    /// <summary>Connects.</summary>
    public static DevmapdClient Open(Context context, string? tokenFile)
    {
        var token = Environment.GetEnvironmentVariable("DEVMAPCTL_TOKEN");
        if ((tokenFile ?? context.TokenFile) is { } file)
            token = File.ReadAllText(file).Trim();
        var options = new DevmapdClientOptions
        {
            Token = string.IsNullOrEmpty(token) ? null : token,
            MaxAttempts = 3,
            ClientCertificate = context.Certificate is { } certificate ? X509Certificate2.CreateFromPemFile(certificate, context.Key) : null,
            ServerAuthorities = context.Authority is { } authority ? Authorities(authority) : null,
        };
        try
        {
            return DevmapdClient.Connect(context.Address, options);
        }
        catch (ArgumentException e)
        {
            throw CommandFailedException.Usage(e.Message);
        }
    }

    // A daemon that somebody started with --simulate has its socket in the user's folder.
    private static string LocalAddress()
    {
        var simulated = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime
            ? Path.Combine(runtime, "devmapd", "devmapd.sock")
            : Path.Combine(Path.GetTempPath(), $"devmapd-{Environment.UserName}", "devmapd.sock");
        var packaged = DevmapdClient.DefaultAddress["unix:".Length..];
        return !File.Exists(packaged) && File.Exists(simulated) ? $"unix:{simulated}" : DevmapdClient.DefaultAddress;
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities;
    }
}

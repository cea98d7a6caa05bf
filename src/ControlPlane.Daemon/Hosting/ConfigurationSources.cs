using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The configuration that the command line gives.</summary>
/// <param name="Simulate">Whether the kernel is simulated.</param>
/// <param name="SettingsFile">The settings file that replaces the one beside the program; null for that one.</param>
/// <param name="Settings">Configuration keys and their values.</param>
internal sealed record Arguments(bool Simulate, string? SettingsFile, IReadOnlyDictionary<string, string?> Settings);

/// <summary>The sources of the configuration, and the check that it is valid.</summary>
internal static class ConfigurationSources
{
    /// <summary>Reads the options for a command that does not serve.</summary>
    /// <exception cref="StartRefusedException">The configuration is not valid; with every error.</exception>
    public static ControlPlaneOptions Read(Arguments arguments) =>
        WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory }).AddConfiguration(arguments);

    /// <summary>Reads settings file, environment and arguments, later ones winning, and registers the options.</summary>
    /// <exception cref="StartRefusedException">With every fault of the configuration.</exception>
    public static ControlPlaneOptions AddConfiguration(this WebApplicationBuilder builder, Arguments arguments)
    {
        try
        {
            AddSources(builder.Configuration, arguments);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(ExitCodes.Config,
                $"The settings cannot be read: {e.Message} {e.InnerException?.Message}".TrimEnd());
        }

        var (options, optionFaults) = OptionsReader.Read(builder.Configuration);
        List<OptionFault> faults = [.. optionFaults, .. LogSetup.Check(builder.Configuration)];
        if (faults.Count > 0)
            throw new StartRefusedException(ExitCodes.Config, [
                faults.Count == 1 ? "The configuration has a fault:" : $"The configuration has {faults.Count} faults:",
                .. faults.Select(f => $"  {f}")]);
        builder.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        return options;
    }

    private static void AddSources(ConfigurationManager configuration, Arguments arguments)
    {
        // The defaults of a simulation give way to a file that was asked for, and to nothing that merely lies beside the program.
        if (arguments.SettingsFile is null)
            configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: false);
        if (arguments.Simulate)
            configuration.AddInMemoryCollection(SimulationDefaults());
        if (arguments.SettingsFile is { } file)
            configuration.AddJsonFile(file, optional: false);
        configuration.AddEnvironmentVariables();
        configuration.AddInMemoryCollection(arguments.Settings);
    }

    /// <summary>Folders that need no privileges: under the user's runtime folder or, without one, under the temporary folder.</summary>
    private static Dictionary<string, string?> SimulationDefaults()
    {
        var folder = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime
            ? Path.Combine(runtime, "devmapd")
            : Path.Combine(Path.GetTempPath(), $"devmapd-{Environment.UserName}");
        return new Dictionary<string, string?>
        {
            ["ControlPlane:PinRoot"] = Path.Combine(folder, "pins"),
            ["ControlPlane:StateDirectory"] = Path.Combine(folder, "state"),
            ["ControlPlane:Listen:UnixSocket"] = Path.Combine(folder, "devmapd.sock"),
        };
    }
}

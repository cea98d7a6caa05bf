using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Options;

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
    /// <exception cref="OptionsValidationException">The configuration is not valid; with every error.</exception>
    public static ControlPlaneOptions Read(Arguments arguments) =>
        WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory }).AddConfiguration(arguments);

    /// <summary>
    /// Reads settings file, environment and arguments, of which later ones win, and registers the options. They are validated here:
    /// the host validates them at its start, when addresses, folders and kernel have already been touched.
    /// </summary>
    /// <exception cref="StartRefusedException">The settings file cannot be read.</exception>
    /// <exception cref="OptionsValidationException">The configuration is not valid; with every error.</exception>
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

        builder.Services.AddSingleton(arguments);
        AddOptions(builder.Services);
        using var services = AddOptions(new ServiceCollection().AddSingleton<IConfiguration>(builder.Configuration)).BuildServiceProvider();
        return services.GetRequiredService<IOptions<ControlPlaneOptions>>().Value;
    }

    private static IServiceCollection AddOptions(IServiceCollection services) => services.AddControlPlaneOptions().AddLogValidation();

    private static void AddSources(ConfigurationManager configuration, Arguments arguments)
    {
        // The defaults of a simulation win over the file beside the program, but not over a file that was asked for.
        if (arguments.SettingsFile is null)
            configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: false);
        if (arguments.Simulate)
            configuration.AddInMemoryCollection(SimulationDefaults());
        if (arguments.SettingsFile is { } file)
            configuration.AddJsonFile(file, optional: false);
        configuration.AddEnvironmentVariables();
        configuration.AddInMemoryCollection(arguments.Settings);
    }

    /// <summary>Returns folders that need no privileges: in the user's runtime folder or, without one, in the temporary folder.</summary>
    private static Dictionary<string, string?> SimulationDefaults()
    {
        var folder = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime
            ? Path.Combine(runtime, "devmapd")
            : Path.Combine(Path.GetTempPath(), $"devmapd-{Environment.UserName}");
        return new Dictionary<string, string?>
        {
            ["ControlPlane:PinRoot"] = Path.Combine(folder, "pins"),
            ["ControlPlane:TablesDirectory"] = Path.Combine(folder, "tables.d"),
            ["ControlPlane:StateDirectory"] = Path.Combine(folder, "state"),
            ["ControlPlane:Listen:UnixSocket"] = Path.Combine(folder, "devmapd.sock"),
        };
    }
}

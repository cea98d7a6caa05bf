namespace ControlPlane.Daemon.Options;

/// <summary>Reads the options from the configuration, or tells everything that is wrong with it.</summary>
internal static class OptionsReader
{
    /// <summary>The bound options and all their faults; the options are fit for use only without faults.</summary>
    public static (ControlPlaneOptions Options, IReadOnlyList<OptionFault> Faults) Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(ControlPlaneOptions.Section);
        var misshapen = ConfigurationShape.Check(section, typeof(ControlPlaneOptions)).ToList();

        // What cannot be bound is left out, so that the rest is still checked and all faults come out at once.
        var bindable = configuration.AsEnumerable().Where(pair => !misshapen.Exists(fault => Covers(fault.Key, pair.Key)));
        var options = new ControlPlaneOptions();
        new ConfigurationBuilder().AddInMemoryCollection(bindable).Build().GetSection(ControlPlaneOptions.Section).Bind(options);

        var invalid = ControlPlaneOptionsValidator.Check(options)
            .Where(fault => !misshapen.Exists(m => Covers(m.Key, fault.Key) || Covers(fault.Key, m.Key)));
        return (options, [.. misshapen, .. invalid]);
    }

    private static bool Covers(string key, string other) =>
        other.StartsWith(key, StringComparison.OrdinalIgnoreCase) && (other.Length == key.Length || other[key.Length] == ':');
}

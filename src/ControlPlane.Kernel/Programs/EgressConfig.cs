using System.Globalization;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Programs;

/// <summary>Converts between a template with its parameters and the config struct of the BPF program.</summary>
internal static unsafe class EgressConfig
{
    private static readonly (TemplateParameter Parameter, int Offset, int? Presence)[] _fields =
        [.. TemplateParameter.All.Select(p => (p, OffsetOf(p.KernelField), p.PresenceField is { } field ? OffsetOf(field) : (int?)null))];

    public static devmapd_egress_config Of(EgressProgramConfig spec)
    {
        var config = new devmapd_egress_config
        {
            magic = DevmapdConstants.DEVMAPD_MAGIC,
            version = DevmapdConstants.DEVMAPD_VERSION,
            kind = devmapd_kind.Egress,
            template = spec.Template.KernelValue,
        };
        var bytes = new Span<byte>(&config, sizeof(devmapd_egress_config));
        foreach (var (parameter, offset, presence) in _fields)
        {
            if (spec.Parameters.Find(parameter) is not { } value)
                continue;
            parameter.Write(value, bytes.Slice(offset, parameter.KernelBytes));
            if (presence is { } flag)
                bytes[flag] = 1;
        }

        return config;
    }

    /// <summary>Returns the template and parameters of an adopted program.</summary>
    /// <param name="config">The config.</param>
    /// <param name="path">The pin of the config.</param>
    /// <exception cref="Core.Errors.ControlPlaneException">The template is unknown.</exception>
    public static EgressProgramConfig SpecOf(devmapd_egress_config config, string path)
    {
        if (!EgressTemplate.Set.TryFind(config.template, out var template))
            throw Pin.Foreign(path, EgressTemplate.Set.Unknown(string.Create(CultureInfo.InvariantCulture, $"the value {config.template}")));
        var values = new Dictionary<TemplateParameter, object>();
        var bytes = new ReadOnlySpan<byte>(&config, sizeof(devmapd_egress_config));
        foreach (var (parameter, offset, presence) in _fields)
        {
            var field = bytes.Slice(offset, parameter.KernelBytes);
            if (presence is { } flag ? bytes[flag] != 0 : field.ContainsAnyExcept((byte)0))
                values.Add(parameter, parameter.Read(field));
        }

        return new EgressProgramConfig(template, new EgressProgramParameters(values));
    }

    private static int OffsetOf(string field) => (int)Marshal.OffsetOf<devmapd_egress_config>(field);
}

using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>The body of a PUT of an egress program, as the caller sent it: not yet validated.</summary>
/// <param name="Template">The template's text form, for instance <c>rewrite-mac</c>.</param>
/// <param name="SourceMac"><c>parameters.sourceMac</c>.</param>
/// <param name="DestinationMac"><c>parameters.destinationMac</c>.</param>
/// <param name="VlanId"><c>parameters.vlanId</c>.</param>
/// <param name="Labels">The caller's own notes.</param>
/// <param name="Owner">Who the program belongs to.</param>
public sealed record ProgramRequest(
    string? Template,
    string? SourceMac = null,
    string? DestinationMac = null,
    long? VlanId = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    string? Owner = null);

/// <summary>Reads the body of a PUT of an egress program.</summary>
internal static class ProgramValidation
{
    /// <summary>The program asked for; null when the faults have grown.</summary>
    public static EgressProgramConfig? Read(ProgramRequest request, Violations faults)
    {
        if (request.Template is null || !EgressTemplates.ByText.TryGetValue(request.Template, out var template))
        {
            if (!faults.Has("template"))
                faults.Add("template", $"is required: one of {string.Join(", ", EgressTemplates.ByText.Keys)}");
            return null;
        }

        var rewrites = template == EgressTemplate.RewriteMac;
        var spec = new EgressProgramConfig(
            template,
            Mac(request.SourceMac, "parameters.sourceMac", rewrites, faults),
            Mac(request.DestinationMac, "parameters.destinationMac", rewrites, faults),
            Vlan(request.VlanId, template == EgressTemplate.PushVlan, faults));
        if (spec.SourceMac is { IsGroup: true })
            faults.Add("parameters.sourceMac", "must not be a group address: no station sends from one");
        return spec;
    }

    private static MacAddress? Mac(string? text, string field, bool wanted, Violations faults)
    {
        if (!Expected(text is not null, field, wanted, faults))
            return null;
        if (MacAddress.TryParse(text, out var mac))
            return mac;
        faults.Add(field, "must be six hexadecimal octets: 02:00:00:00:00:01");
        return null;
    }

    private static ushort? Vlan(long? id, bool wanted, Violations faults)
    {
        if (!Expected(id is not null, "parameters.vlanId", wanted, faults))
            return null;
        if (id is >= 1 and <= 4094)
            return (ushort)id;
        faults.Add("parameters.vlanId", "must be 1 to 4094");
        return null;
    }

    private static bool Expected(bool given, string field, bool wanted, Violations faults)
    {
        if (given == wanted || faults.Has(field))
            return given && wanted;
        faults.Add(field, wanted ? "is required by this template" : "is not a parameter of this template");
        return false;
    }
}

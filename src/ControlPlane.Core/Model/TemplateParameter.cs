using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Core.Model;

/// <summary>
/// A parameter of templates. The APIs, the store and the kernel layer read from it how a value is written, so that a new parameter needs
/// no code there.
/// </summary>
/// <remarks>A value is a boxed value of <see cref="TemplateParameter{T}"/>. Its plain form is what JSON and protobuf have: a text or a number.</remarks>
public abstract class TemplateParameter
{
    private protected TemplateParameter(string name, string text, string kernelField, string? presenceField) =>
        (Name, Text, KernelField, PresenceField) = (name, text, kernelField, presenceField);

    /// <summary>The source address to set.</summary>
    public static TemplateParameter<MacAddress> SourceMac { get; } =
        new MacParameter("sourceMac", "the source address to set, six hexadecimal octets joined by colons", "source_mac", "set_source", isStation: true);

    /// <summary>The destination address to set.</summary>
    public static TemplateParameter<MacAddress> DestinationMac { get; } =
        new MacParameter("destinationMac", "the destination address to set, in the same form", "destination_mac", "set_destination");

    /// <summary>The VLAN id of a tag.</summary>
    public static TemplateParameter<uint> VlanId { get; } = new VlanIdParameter("vlanId", "the VLAN id of the tag, 1 .. 4094", "vlan_id");

    /// <summary>All parameters, in the order of the contract.</summary>
    public static IReadOnlyList<TemplateParameter> All { get; } = [SourceMac, DestinationMac, VlanId];

    /// <summary>The name in camelCase, as in REST and in the store; gRPC has it in snake_case.</summary>
    public string Name { get; }

    /// <summary>The meaning, as the contract describes it.</summary>
    public string Text { get; }

    /// <summary>The field of <c>struct devmapd_egress_config</c> that has the value.</summary>
    public string KernelField { get; }

    /// <summary>The byte of that struct which says whether the value is given; null if a value of zeros is none.</summary>
    public string? PresenceField { get; }

    /// <summary>The type of the plain form.</summary>
    public abstract Type PlainType { get; }

    /// <summary>The size of the kernel's field in bytes.</summary>
    public abstract int KernelBytes { get; }

    /// <summary>The templates that take the parameter.</summary>
    public IEnumerable<EgressTemplate> Templates => EgressTemplate.Set.All.Where(t => t.Parameters.Takes(this));

    /// <summary>Returns the parameter with this name; null for an unknown name.</summary>
    public static TemplateParameter? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    /// <summary>Reads the plain form.</summary>
    /// <returns>Null with a message in <paramref name="error"/> if the value has another form.</returns>
    public abstract object? Parse(object plain, out string? error);

    /// <summary>Returns the plain form of a value.</summary>
    public abstract object Plain(object value);

    /// <summary>Returns why a program cannot have the value; null if it can.</summary>
    public abstract string? Check(object value);

    /// <summary>Writes a value into the kernel's field.</summary>
    public abstract void Write(object value, Span<byte> field);

    /// <summary>Reads the kernel's field.</summary>
    public abstract object Read(ReadOnlySpan<byte> field);

    /// <summary>Returns a value as JSON.</summary>
    public JsonNode ToJson(object value) => Plain(value) is string text ? JsonValue.Create(text) : JsonValue.Create((uint)Plain(value));

    /// <summary>Reads a value from JSON.</summary>
    /// <returns>Null with a message in <paramref name="error"/> if the value has another form.</returns>
    public object? FromJson(JsonElement json, out string? error)
    {
        error = PlainType == typeof(string) ? "must be a string" : "must be a whole number";
        if (PlainType == typeof(string))
            return json.ValueKind == JsonValueKind.String ? Parse(json.GetString()!, out error) : null;
        return json.ValueKind == JsonValueKind.Number && json.TryGetUInt32(out var number) ? Parse(number, out error) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A parameter with the type of its values.</summary>
/// <typeparam name="T">The type.</typeparam>
public abstract class TemplateParameter<T> : TemplateParameter
    where T : struct
{
    private protected TemplateParameter(string name, string text, string kernelField, string? presenceField)
        : base(name, text, kernelField, presenceField)
    {
    }
}

/// <summary>An Ethernet address.</summary>
/// <param name="name">The name.</param>
/// <param name="text">The meaning.</param>
/// <param name="kernelField">The kernel's field.</param>
/// <param name="presenceField">The byte that says whether the address is given.</param>
/// <param name="isStation">Whether the address must be that of one station.</param>
internal sealed class MacParameter(string name, string text, string kernelField, string presenceField, bool isStation = false)
    : TemplateParameter<MacAddress>(name, text, kernelField, presenceField)
{
    public override Type PlainType => typeof(string);

    public override int KernelBytes => EthernetHeader.MacBytes;

    public override object? Parse(object plain, out string? error)
    {
        var valid = MacAddress.TryParse((string)plain, out var address);
        error = valid ? null : MacAddress.Rule;
        return valid ? address : null;
    }

    public override object Plain(object value) => ((MacAddress)value).ToString();

    public override string? Check(object value) =>
        isStation && ((MacAddress)value).IsGroup ? "must not be a group address: no station sends from one" : null;

    public override void Write(object value, Span<byte> field) => ((MacAddress)value).CopyTo(field);

    public override object Read(ReadOnlySpan<byte> field) => MacAddress.Read(field);
}

/// <summary>A VLAN id that a tag can have: 0 is a priority tag, and 4095 is reserved.</summary>
/// <param name="name">The name.</param>
/// <param name="text">The meaning.</param>
/// <param name="kernelField">The kernel's field. 0 stands for no id.</param>
internal sealed class VlanIdParameter(string name, string text, string kernelField) : TemplateParameter<uint>(name, text, kernelField, null)
{
    private const uint Least = 1;
    private const uint Greatest = 4094;

    public override Type PlainType => typeof(uint);

    public override int KernelBytes => sizeof(ushort);

    public override object? Parse(object plain, out string? error)
    {
        error = null;
        return (uint)plain;
    }

    public override object Plain(object value) => value;

    public override string? Check(object value) =>
        (uint)value is >= Least and <= Greatest ? null : string.Create(CultureInfo.InvariantCulture, $"must be {Least} to {Greatest}");

    public override void Write(object value, Span<byte> field) => BitConverter.TryWriteBytes(field, checked((ushort)(uint)value));

    public override object Read(ReadOnlySpan<byte> field) => (uint)BitConverter.ToUInt16(field);
}
